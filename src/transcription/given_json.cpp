#include "transcription/given_json.h"

#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace vultus::transcription {
namespace {

using Json = nlohmann::json;
using Keys = std::initializer_list<const char*>;

constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr int kDeepest = 60;  ///< nesting that is looked at
/// Azure counts in ticks of 100 ns. Offsets that all lie below this are milliseconds that somebody made of
/// them.
constexpr double kFewestTicks = 1e6;
constexpr double kUsualPiperHz = 22050;

const Json* find(const Json& entry, Keys keys) {
    for (const char* key : keys)
        if (const auto found = entry.find(key); found != entry.end() && !found->is_null()) return &*found;
    return nullptr;
}

/// 1.5, "1.5", "1.5s".
double number(const Json* value) {
    if (value == nullptr) return kNone;
    if (value->is_number()) return value->get<double>();
    if (!value->is_string()) return kNone;
    const std::string& text = value->get_ref<const std::string&>();
    char* end = nullptr;
    const double result = std::strtod(text.c_str(), &end);
    const std::string unit = end;
    return end == text.c_str() || (!unit.empty() && unit != "s") ? kNone : result;
}

std::string text(const Json* value) {
    if (value == nullptr) return "";
    if (value->is_string()) return value->get<std::string>();
    if (value->is_number_integer()) return std::to_string(value->get<std::int64_t>());
    return "";
}

constexpr Keys kStarts = {"start", "start_time", "startTime", "start_ts", "begin", "from", "xmin", "t0"};
constexpr Keys kEnds = {"end", "end_time", "endTime", "end_ts", "to", "xmax", "t1"};
constexpr Keys kStartsMs = {"start_ms", "startMs", "begin_ms", "offset_ms", "time_ms"};
constexpr Keys kEndsMs = {"end_ms", "endMs"};
constexpr Keys kTicks = {"AudioOffset", "audioOffset", "audio_offset"};
constexpr Keys kWords = {"word", "punctuated_word", "text", "token", "content"};
constexpr Keys kPhones = {"phone", "phoneme", "ph", "symbol"};
constexpr Keys kVisemes = {"viseme", "VisemeId", "visemeId", "viseme_id"};

class Reader {
  public:
    explicit Reader(const std::string& name) : name_(name) {}

    GivenLabels read(const Json& file) {
        walk(file, 0);
        end_open(labels_.visemes, open_visemes_);
        end_open(labels_.phones, open_phones_);
        end_open(labels_.words, open_words_);
        return std::move(labels_);
    }

  private:
    void walk(const Json& value, int depth) {
        if (depth > kDeepest) return;
        if (value.is_array()) {
            if (is_table(value)) return table(value);
            for (const Json& entry : value) walk(entry, depth + 1);
        }
        if (!value.is_object()) return;
        if (const double duration = number(find(value, {"duration"})); depth == 0 && duration > 0)
            labels_.duration_s = duration;
        if (const double rate = number(find(value, {"sample_rate"})); rate > 0) rate_hz_ = rate;
        if (characters(value) || columns(value)) return;
        const bool taken = label(value);
        for (const auto& [name, entry] : value.items())
            // A word's own phones are wanted, a phone's words are not; what a segment holds is finer than it.
            if (entry.is_structured() && !(taken && name == "alternatives")) {
                if (name.find("word") != std::string::npos) in_phones_ = false;
                if (name.find("phone") != std::string::npos) in_phones_ = true;
                walk(entry, depth + 1);
            }
    }

    /// [[start, end, label], ...], of Montreal's aligner.
    static bool is_table(const Json& list) {
        return !list.empty() && list[0].is_array() && list[0].size() == 3 && list[0][0].is_number() &&
               list[0][1].is_number() && list[0][2].is_string();
    }

    void table(const Json& list) {
        std::vector<GivenLabel>& labels = in_phones_ ? labels_.phones : labels_.words;
        for (const Json& row : list)
            if (row.is_array() && row.size() == 3 && row[0].is_number() && row[1].is_number() &&
                row[2].is_string() && !row[2].get_ref<const std::string&>().empty())
                labels.push_back({row[0].get<double>(), row[1].get<double>(), row[2].get<std::string>()});
    }

    /// A voice's characters with times, to words.
    bool characters(const Json& value) {
        const Json *letters = find(value, {"characters"}),
                   *starts = find(value, {"character_start_times_seconds"}),
                   *ends = find(value, {"character_end_times_seconds"});
        if (letters == nullptr || starts == nullptr || ends == nullptr || !letters->is_array() ||
            !starts->is_array() || !ends->is_array())
            return false;
        if (starts->size() != letters->size() || ends->size() != letters->size())
            fail(ErrorCode::kCorruptData,
                 "[transcription] {}: expected as many times as characters, got {}, {} and {}", name_,
                 letters->size(), starts->size(), ends->size());
        bool in_word = false;
        for (std::size_t i = 0; i < letters->size(); ++i) {
            const std::string letter = text(&(*letters)[i]);
            const bool blank = letter.find_first_not_of(" \t\r\n") == std::string::npos;
            if (!blank && !in_word) labels_.words.push_back({number(&(*starts)[i]), 0, ""});
            in_word = !blank;
            if (blank) continue;
            labels_.words.back().text += letter;
            labels_.words.back().end_s = number(&(*ends)[i]);
        }
        return true;
    }

    /// {"words": [...], "wtimes": [...], "wdurations": [...]} and the same of visemes, in milliseconds.
    bool columns(const Json& value) {
        return column(value, {"words"}, {"wtimes"}, {"wdurations"}, labels_.words) |
               column(value, {"visemes"}, {"vtimes"}, {"vdurations"}, labels_.visemes);
    }

    bool column(const Json& value, Keys names, Keys starts, Keys lengths, std::vector<GivenLabel>& labels) {
        const Json *texts = find(value, names), *begins = find(value, starts),
                   *durations = find(value, lengths);
        if (texts == nullptr || begins == nullptr || durations == nullptr || !texts->is_array() ||
            !begins->is_array() || !durations->is_array())
            return false;
        if (begins->size() != texts->size() || durations->size() != texts->size())
            fail(ErrorCode::kCorruptData,
                 "[transcription] {}: expected as many times as labels, got {}, {} and {}", name_,
                 texts->size(), begins->size(), durations->size());
        for (std::size_t i = 0; i < texts->size(); ++i) {
            const double start_s = number(&(*begins)[i]) / 1000;
            labels.push_back({start_s, start_s + number(&(*durations)[i]) / 1000, text(&(*texts)[i])});
        }
        return true;
    }

    bool label(const Json& value) {
        if (polly(value) || piper(value)) return true;
        const Json *phone = find(value, kPhones), *viseme = find(value, kVisemes);
        const bool is_phone = phone != nullptr && phone->is_string();
        GivenLabel label;
        // A phone comes with its viseme: the phone says more.
        label.text = is_phone ? text(phone) : viseme != nullptr ? text(viseme) : word_of(value);
        auto& open = is_phone ? open_phones_ : viseme != nullptr ? open_visemes_ : open_words_;
        auto& list = is_phone ? labels_.phones : viseme != nullptr ? labels_.visemes : labels_.words;
        if (!is_phone && viseme == nullptr && label.text.empty()) return false;
        const double ticks = number(find(value, kTicks));
        if (ticks >= 0) {
            const double length = number(find(value, {"Duration", "duration"}));
            list.push_back({ticks, length >= 0 ? ticks + length : kNone, label.text});
            open.in_ticks = true;
            open.most = std::max(open.most, ticks);
            return true;
        }
        if (!times(value, label)) return false;
        if (!is_phone && viseme == nullptr && holds_words(value)) return false;
        list.push_back(label);
        if (!is_phone && viseme == nullptr) phonemes_of_word(value, label);
        return true;
    }

    static std::string word_of(const Json& value) {
        if (const std::string word = text(find(value, kWords)); !word.empty()) return word;
        const Json* alternatives = find(value, {"alternatives"});
        return alternatives != nullptr && alternatives->is_array() && !alternatives->empty() &&
                       (*alternatives)[0].is_object()
                   ? text(find((*alternatives)[0], kWords))
                   : "";
    }

    /// A segment of words that have times themselves.
    static bool holds_words(const Json& value) {
        const Json* words = find(value, {"words", "tokens"});
        return words != nullptr && words->is_array() && !words->empty() && (*words)[0].is_object();
    }

    bool times(const Json& value, GivenLabel& label) const {
        label.start_s = number(find(value, kStarts));
        label.end_s = number(find(value, kEnds));
        if (const double start_ms = number(find(value, kStartsMs)); start_ms >= 0)
            label.start_s = start_ms / 1000;
        if (const double end_ms = number(find(value, kEndsMs)); end_ms >= 0) label.end_s = end_ms / 1000;
        if (const double length = number(find(value, {"duration", "dur"}));
            label.end_s == kNone && length >= 0)
            label.end_s = label.start_s + length;
        return label.start_s != kNone && label.end_s != kNone;
    }

    /// Kokoro's tokens have their phonemes in one text.
    void phonemes_of_word(const Json& value, const GivenLabel& word) {
        const Json* phonemes = find(value, {"phonemes"});
        if (phonemes != nullptr && phonemes->is_string() && word.end_s > word.start_s)
            labels_.phones.push_back({word.start_s, word.end_s, phonemes->get<std::string>()});
    }

    /// {"time": ms, "type": "word" or "viseme", "value": "..."}: up to the next of its kind.
    bool polly(const Json& value) {
        const double time = number(find(value, {"time"}));
        const std::string type = text(find(value, {"type"}));
        if (time == kNone || (type != "word" && type != "viseme")) return false;
        (type == "word" ? labels_.words : labels_.visemes)
            .push_back({time / 1000, kNone, text(find(value, {"value"}))});
        return true;
    }

    /// {"phoneme": "h", "num_samples": 1280}: one after the other.
    bool piper(const Json& value) {
        const double samples = number(find(value, {"num_samples"}));
        const Json* phone = find(value, kPhones);
        if (samples < 0 || phone == nullptr || !phone->is_string()) return false;
        labels_.phones.push_back(
            {piper_samples_ / rate_hz_, (piper_samples_ + samples) / rate_hz_, text(phone)});
        piper_samples_ += samples;
        return true;
    }

    struct Open {
        bool in_ticks = false;
        double most = 0;
    };

    /// Events end where the next begins; ticks become seconds.
    void end_open(std::vector<GivenLabel>& labels, const Open& open) const {
        const double unit = !open.in_ticks ? 1 : open.most < kFewestTicks ? 1e-3 : 1e-7;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            if (open.in_ticks) labels[i].start_s *= unit;
            if (open.in_ticks && labels[i].end_s != kNone) labels[i].end_s *= unit;
        }
        constexpr double kLastS = 0.1;
        for (std::size_t i = 0; i < labels.size(); ++i)
            if (labels[i].end_s == kNone)
                labels[i].end_s = i + 1 < labels.size() ? labels[i + 1].start_s : labels[i].start_s + kLastS;
    }

    std::string name_;
    GivenLabels labels_;
    Open open_words_, open_phones_, open_visemes_;
    bool in_phones_ = false;  ///< of a table, by the name of what holds it
    double rate_hz_ = kUsualPiperHz, piper_samples_ = 0;
};

}  // namespace

GivenLabels json_labels(std::string_view file, const std::string& name) {
    Json json = Json::parse(file, nullptr, false);
    if (json.is_discarded()) {
        // One object a line, as speech marks come.
        json = Json::array();
        for (std::size_t begin = 0; begin < file.size();) {
            const std::size_t end = std::min(file.find('\n', begin), file.size());
            const std::string_view line = file.substr(begin, end - begin);
            begin = end + 1;
            if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
            Json entry = Json::parse(line, nullptr, false);
            if (entry.is_discarded())
                fail(ErrorCode::kCorruptData, "[transcription] {}: expected JSON, got text that is none",
                     name);
            json.push_back(std::move(entry));
        }
    }
    return Reader(name).read(json);
}

}  // namespace vultus::transcription
