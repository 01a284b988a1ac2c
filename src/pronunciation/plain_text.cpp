#include "pronunciation/plain_text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace vultus::pronunciation {
namespace {

constexpr std::size_t kLongestTag = 300, kLongestDirection = 120, kLongestSpeaker = 30;

bool is_line_end(char32_t character) { return character == '\n' || character == '\r'; }

/// What a character counts as; line ends stay until lines were looked at.
char32_t plain_of(char32_t c) {
    if (is_line_end(c)) return c;
    if (c >= 0xFF01 && c <= 0xFF5E) return plain_of(c - 0xFEE0);  // full width
    if (c == 0x2019 || c == 0x2018 || c == 0x02BC || c == 0x00B4) return '\'';
    if (c == 0x2010 || c == 0x2011 || c == 0x2012 || c == 0x2013 || c == 0x2212) return '-';
    if (c == 0x2044 || c == 0x2215) return '/';
    if (c == 0x00D7) return 0x00D7;  // times
    if (u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || c == 0xFEFF)
        return c == 0x200B ? U' ' : PlainText::kSkipped;
    if (c < 0x80) return c < 0x20 || c == 0x7F ? U' ' : c;
    switch (u_charType(static_cast<UChar32>(c))) {
        case U_CURRENCY_SYMBOL:
            return c;
        case U_OTHER_NUMBER:  // one half, superscripts
            return c;
        default:
            return is_word_character(c) || c == 0x00B0 ? c : U' ';
    }
}

/// Neither said nor shown.
void drop(PlainText& text, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        if (!is_line_end(text.plain[i])) text.plain[i] = ' ';
        text.shown[i] = PlainText::kSkipped;
    }
}

/// Where `mark` stands from `begin` on, before a line's end and within `most` characters; else `begin`.
std::size_t find_near(const std::vector<char32_t>& plain, std::size_t begin, char32_t mark, std::size_t most,
                      bool same_line) {
    for (std::size_t i = begin + 1; i < plain.size() && i - begin <= most; ++i) {
        if (plain[i] == mark) return i;
        if (same_line && is_line_end(plain[i])) break;
    }
    return begin;
}

/// Of SSML, HTML and captions.
void drop_tags(PlainText& text) {
    std::vector<char32_t>& plain = text.plain;
    for (std::size_t i = 0; i + 1 < plain.size(); ++i) {
        const char32_t next = plain[i + 1];
        const bool begins = next == '/' || next == '!' || next == '?' || (next < 0x80 && u_isalpha(next));
        if (plain[i] != '<' || !begins) continue;
        const std::size_t end = find_near(plain, i, '>', kLongestTag, false);
        if (end > i) drop(text, i, end + 1);
    }
    static constexpr std::pair<std::u32string_view, char32_t> kEntities[] = {
        {U"&amp;", U'&'},   {U"&lt;", U' '},   {U"&gt;", U' '},  {U"&quot;", U' '},
        {U"&apos;", U'\''}, {U"&#39;", U'\''}, {U"&nbsp;", U' '}};
    for (std::size_t i = 0; i < plain.size(); ++i)
        for (const auto& [entity, means] : kEntities) {
            if (plain[i] != '&' || plain.size() - i < entity.size() ||
                !std::equal(entity.begin(), entity.end(), plain.begin() + static_cast<std::ptrdiff_t>(i)))
                continue;
            plain[i] = means;
            std::fill_n(plain.begin() + static_cast<std::ptrdiff_t>(i) + 1, entity.size() - 1,
                        PlainText::kSkipped);
        }
}

using Line = std::pair<std::size_t, std::size_t>;

std::vector<Line> lines_of(const std::vector<char32_t>& plain) {
    std::vector<Line> lines;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= plain.size(); ++i) {
        if (i < plain.size() && !is_line_end(plain[i])) continue;
        if (i > begin) lines.emplace_back(begin, i);
        begin = i + 1;
    }
    return lines;
}

/// Numbers and times of SRT and WebVTT.
void drop_cues(PlainText& text) {
    const std::vector<char32_t>& plain = text.plain;
    static constexpr std::u32string_view kArrow = U"-->", kHeader = U"WEBVTT";
    const std::vector<Line> lines = lines_of(plain);
    for (std::size_t k = 0; k < lines.size(); ++k) {
        const auto begin = plain.begin() + static_cast<std::ptrdiff_t>(lines[k].first),
                   end = plain.begin() + static_cast<std::ptrdiff_t>(lines[k].second);
        const auto visible = std::find_if(begin, end, [](char32_t c) { return c != PlainText::kSkipped; });
        if (k == 0 && static_cast<std::size_t>(end - visible) >= kHeader.size() &&
            std::equal(kHeader.begin(), kHeader.end(), visible))
            drop(text, lines[k].first, lines[k].second);
        if (std::search(begin, end, kArrow.begin(), kArrow.end()) == end) continue;
        drop(text, lines[k].first, lines[k].second);
        if (k == 0) continue;
        const bool number =
            std::all_of(plain.begin() + static_cast<std::ptrdiff_t>(lines[k - 1].first),
                        plain.begin() + static_cast<std::ptrdiff_t>(lines[k - 1].second),
                        [](char32_t c) { return c == ' ' || c == 0 || (c >= '0' && c <= '9'); });
        if (number) drop(text, lines[k - 1].first, lines[k - 1].second);
    }
}

/// "ANNA:", "Anna:" and "DR. WHO:" at a line's beginning.
void find_speakers(PlainText& text) {
    for (const auto& [begin, end] : lines_of(text.plain)) {
        std::size_t first = begin;
        while (first < end &&
               (text.plain[first] == ' ' || text.plain[first] == '-' || text.plain[first] == 0))
            ++first;
        if (first == end || !u_isupper(static_cast<UChar32>(text.plain[first]))) continue;
        const std::size_t colon = find_near(text.plain, first, ':', kLongestSpeaker, true);
        if (colon == first || (colon + 1 < end && text.plain[colon + 1] != ' ')) continue;
        const auto is_name = [&](char32_t c) {
            return is_word_character(c) || c == ' ' || c == '.' || c == '\'';
        };
        const auto name = text.plain.begin() + static_cast<std::ptrdiff_t>(first),
                   name_end = text.plain.begin() + static_cast<std::ptrdiff_t>(colon);
        const bool several = std::find(name, name_end, U' ') != name_end;
        const bool capitals =
            std::none_of(name, name_end, [](char32_t c) { return u_islower(static_cast<UChar32>(c)); });
        if (std::all_of(name, name_end, is_name) && (capitals || !several))
            text.optional.emplace_back(first, colon);
    }
}

/// "[cheerfully]", "(laughs)" and "*sighs*".
void find_directions(PlainText& text) {
    static constexpr std::pair<char32_t, char32_t> kBrackets[] = {
        {'[', ']'}, {'(', ')'}, {'{', '}'}, {'*', '*'}};
    for (std::size_t i = 0; i < text.plain.size(); ++i)
        for (const auto& [open, close] : kBrackets) {
            if (text.plain[i] != open) continue;
            const std::size_t end = find_near(text.plain, i, close, kLongestDirection, false);
            if (end > i) text.optional.emplace_back(i, end);
            if (end > i && open == '*') i = end;
        }
}

}  // namespace

bool is_word_character(char32_t character) {
    const auto c = static_cast<UChar32>(character);
    if (character < 0x80) return u_isalnum(c);
    const auto mask = U_GET_GC_MASK(c);
    return (mask & (U_GC_L_MASK | U_GC_ND_MASK | U_GC_M_MASK)) != 0;
}

void append_utf8(char32_t character, std::string& text) {
    char bytes[U8_MAX_LENGTH];
    int size = 0;
    U8_APPEND_UNSAFE(bytes, size, static_cast<UChar32>(character));
    text.append(bytes, static_cast<std::size_t>(size));
}

std::string PlainText::utf8(std::size_t begin, std::size_t end) const {
    std::string text;
    for (std::size_t i = begin; i < end; ++i) append_utf8(given[i], text);
    return text;
}

PlainText plain_text(std::string_view utf8) {
    PlainText text;
    const auto size = static_cast<std::int64_t>(utf8.size());
    for (std::int64_t i = 0; i < size;) {
        UChar32 character = 0;
        U8_NEXT(utf8.data(), i, size, character);
        text.given.push_back(character < 0 ? 0xFFFD : static_cast<char32_t>(character));
    }
    for (const char32_t character : text.given) text.plain.push_back(plain_of(character));
    text.shown = text.given;
    drop_cues(text);
    drop_tags(text);
    find_speakers(text);
    find_directions(text);
    for (char32_t& character : text.plain)
        if (is_line_end(character)) character = ' ';
    return text;
}

}  // namespace vultus::pronunciation
