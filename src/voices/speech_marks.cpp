#include "voices/speech_marks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"

namespace vultus::voices {
namespace {

constexpr int kMostPauseMs = 10000;

/// Length of the character at `at`, 0 when it is no UTF-8 (overlong forms and surrogates included).
std::size_t character_bytes(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(at);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || at + length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xC0) != 0x80) return 0;
    if (length < 3) return length;
    const unsigned second = byte(at + 1);
    const bool bad = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
    return bad ? 0 : length;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

/// One of the given strings at `at`, or 0: its length.
template <std::size_t N>
std::size_t matched(std::string_view text, std::size_t at, const std::array<std::string_view, N>& list) {
    for (const std::string_view entry : list)
        if (text.substr(at, entry.size()) == entry) return entry.size();
    return 0;
}

constexpr std::array<std::string_view, 4> kEnds = {".", "!", "?", "…"};
constexpr std::array<std::string_view, 6> kWideEnds = {"。", "！", "？", "।", "؟", "۔"};  // no space follows
constexpr std::array<std::string_view, 9> kClosers = {"\"", "'", ")", "]", "”", "’", "»", "«", "“"};
constexpr std::array<std::string_view, 24> kAbbreviations = {
    "mr", "mrs", "ms",  "dr",     "prof", "st",  "jr",  "sr",  "vs", "etc", "e.g", "i.e",
    "no", "vol", "fig", "approx", "z.b",  "d.h", "bzw", "usw", "ca", "nr",  "str", "hr"};

bool is_abbreviation(std::string_view before) {
    std::size_t begin = before.size();
    while (begin > 0 && !is_space(before[begin - 1]) && before[begin - 1] != '(') --begin;
    std::string word(before.substr(begin));
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    if (word.size() == 1 && std::isalpha(static_cast<unsigned char>(word[0]))) return true;  // an initial
    return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
}

std::string trimmed(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (!is_space(c)) {
            result += c;
        } else if (!result.empty() && result.back() != ' ') {
            result += ' ';
        }
    }
    while (!result.empty() && result.back() == ' ') result.pop_back();
    return result;
}

bool has_words(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](unsigned char c) { return c >= 0x80 || std::isalnum(c); });
}

/// Collects passages from text and marks.
class Splitter {
  public:
    void add(std::string_view text) { pending_ += text; }
    void set_emphasis(bool on) {
        flush();
        emphasis_ = on;
    }
    void pause(int ms) {
        flush();
        if (ms > 0) passages_.push_back({"", false, std::min(ms, kMostPauseMs)});
    }
    /// What is pending becomes sentences.
    void flush() {
        const std::string text = std::exchange(pending_, {});
        std::size_t begin = 0;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = sentence_end(text, at);
            if (end == 0) {
                ++at;
                continue;
            }
            add_sentence(std::string_view(text).substr(begin, end - begin));
            begin = at = end;
        }
        add_sentence(std::string_view(text).substr(begin));
    }
    std::vector<Passage> take() {
        flush();
        return std::move(passages_);
    }

  private:
    /// Where the sentence ends whose last mark stands at `at`; 0 when none does.
    static std::size_t sentence_end(std::string_view text, std::size_t at) {
        if (text[at] == '\n') {
            std::size_t next = at + 1;
            while (next < text.size() && (text[next] == ' ' || text[next] == '\t' || text[next] == '\r'))
                ++next;
            return next < text.size() && text[next] == '\n' ? next + 1 : 0;
        }
        if (const std::size_t wide = matched(text, at, kWideEnds)) return at + wide;
        const std::size_t mark = matched(text, at, kEnds);
        if (mark == 0) return 0;
        if (text[at] == '.' && is_abbreviation(text.substr(0, at))) return 0;
        std::size_t end = at + mark;
        while (end < text.size()) {
            const std::size_t more = matched(text, end, kEnds) + matched(text, end, kClosers);
            if (more == 0) break;
            end += more;
        }
        return end >= text.size() || is_space(text[end]) ? end : 0;
    }

    void add_sentence(std::string_view sentence) {
        std::string text = trimmed(sentence);
        while (text.size() > kMostPassageBytes) {
            std::size_t cut = text.rfind(", ", kMostPassageBytes - 2);
            if (cut == std::string::npos || cut < kMostPassageBytes / 4)
                cut = text.rfind(' ', kMostPassageBytes - 1);
            if (cut == std::string::npos || cut == 0) {  // no word is that long: between two characters
                cut = kMostPassageBytes - 1;
                while ((static_cast<unsigned char>(text[cut + 1]) & 0xC0) == 0x80) --cut;
            }
            add_words(text.substr(0, cut + 1));
            text = trimmed(std::string_view(text).substr(cut + 1));
        }
        add_words(std::move(text));
    }
    void add_words(std::string text) {
        text = trimmed(text);
        if (has_words(text)) passages_.push_back({std::move(text), emphasis_, 0});
    }

    std::string pending_;
    bool emphasis_ = false;
    std::vector<Passage> passages_;
};

/// "500", "500ms", "1.5s" to milliseconds.
std::optional<int> milliseconds(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !(value >= 0) || value > 1e9) return std::nullopt;
    std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
    while (!unit.empty() && is_space(unit.back())) unit.remove_suffix(1);
    while (!unit.empty() && is_space(unit.front())) unit.remove_prefix(1);
    if (unit == "s") value *= 1000;
    if (!unit.empty() && unit != "ms" && unit != "s") return std::nullopt;
    return static_cast<int>(std::min<double>(std::lround(std::min(value, 1e6)), kMostPauseMs));
}

/// [pause 500] at `at`: takes it; 0 when that is something else.
std::size_t take_pause(std::string_view text, std::size_t at, Splitter& splitter) {
    constexpr std::string_view kBegin = "[pause";
    if (text.substr(at, kBegin.size()) != kBegin) return 0;
    const std::size_t end = text.substr(0, at + 40).find(']', at);
    if (end == std::string_view::npos) return 0;
    const std::string_view inside = text.substr(at + kBegin.size(), end - at - kBegin.size());
    const std::optional<int> ms = inside.empty() ? std::optional<int>(500) : milliseconds(inside);
    if (!ms || (!inside.empty() && !is_space(inside[0]))) return 0;
    splitter.pause(*ms);
    return end + 1 - at;
}

std::string_view attribute(std::string_view tag, std::string_view name) {
    for (std::size_t at = tag.find(name); at != std::string_view::npos; at = tag.find(name, at + 1)) {
        std::size_t value = at + name.size();
        if (at == 0 || !is_space(tag[at - 1]) || value + 1 >= tag.size() || tag[value] != '=') continue;
        const char quote = tag[++value];
        if (quote != '"' && quote != '\'') continue;
        const std::size_t end = tag.find(quote, value + 1);
        if (end != std::string_view::npos) return tag.substr(value + 1, end - value - 1);
    }
    return {};
}

int break_ms(std::string_view tag) {
    if (const auto time = milliseconds(attribute(tag, "time"))) return *time;
    const std::string_view strength = attribute(tag, "strength");
    if (strength == "none") return 0;
    if (strength == "x-weak") return 100;
    if (strength == "weak") return 250;
    if (strength == "strong") return 1000;
    return strength == "x-strong" ? 2000 : 500;
}

/// A tag of SSML at `at`: takes it; 0 when that is none.
std::size_t take_tag(std::string_view text, std::size_t at, bool all_tags, Splitter& splitter) {
    const std::size_t end = text.substr(0, at + 2000).find('>', at);
    if (end == std::string_view::npos) return 0;
    const std::string_view tag = text.substr(at + 1, end - at - 1);
    const bool closing = !tag.empty() && tag[0] == '/';
    std::size_t length = closing ? 1 : 0;
    while (length < tag.size() &&
           (std::isalnum(static_cast<unsigned char>(tag[length])) || tag[length] == '-'))
        ++length;
    const std::string_view name = tag.substr(closing ? 1 : 0, length - (closing ? 1 : 0));
    if (name == "break")
        splitter.pause(break_ms(tag));
    else if (name == "emphasis")
        splitter.set_emphasis(!closing && attribute(tag, "level") != "none" &&
                              attribute(tag, "level") != "reduced");
    else if (name == "speak" || name == "p" || name == "s")
        splitter.flush();
    else if (!all_tags)
        return 0;
    return end + 1 - at;
}

std::size_t take_entity(std::string_view text, std::size_t at, Splitter& splitter) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEntities = {
        {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}}};
    for (const auto& [entity, character] : kEntities)
        if (text.substr(at, entity.size()) == entity) {
            splitter.add(character);
            return entity.size();
        }
    return 0;
}

bool is_ssml(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && is_space(text[at])) ++at;
    return text.substr(at, 6) == "<speak" || text.substr(at, 5) == "<?xml";
}

}  // namespace

std::vector<Passage> passages_of(std::string_view text) {
    if (text.size() > kMostTextBytes)
        fail(ErrorCode::kInvalidArgument, "[voices] text: expected at most {} bytes, got {}", kMostTextBytes,
             text.size());
    const bool ssml = is_ssml(text);
    Splitter splitter;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t bytes = character_bytes(text, at);
        if (bytes == 0)
            fail(ErrorCode::kInvalidArgument, "[voices] text: expected UTF-8, byte {} is none", at);
        std::size_t taken = 0;
        if (text[at] == '[') taken = take_pause(text, at, splitter);
        if (text[at] == '<') taken = take_tag(text, at, ssml, splitter);
        if (text[at] == '&' && ssml) taken = take_entity(text, at, splitter);
        if (taken == 0) {
            const bool control = static_cast<unsigned char>(text[at]) < 0x20 && !is_space(text[at]);
            if (!control) splitter.add(text.substr(at, bytes));
            taken = bytes;
        }
        at += taken;
    }
    std::vector<Passage> passages = splitter.take();
    if (std::none_of(passages.begin(), passages.end(), [](const Passage& p) { return !p.text.empty(); }))
        fail(ErrorCode::kInvalidArgument, "[voices] text: expected something to say, it holds no words");
    return passages;
}

}  // namespace vultus::voices
