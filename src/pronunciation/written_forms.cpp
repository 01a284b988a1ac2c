#include "pronunciation/written_forms.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <regex>

#include "pronunciation/plain_text.h"
#include "pronunciation/spoken_symbols.h"

namespace vultus::pronunciation {
namespace {

using Slots = std::vector<Readings>;
using Match = std::match_results<std::wstring::const_iterator>;

constexpr std::size_t kLongestForm = 80;  ///< characters; std::regex goes deep on longer ones
constexpr std::size_t kMostSpelled = 5;   ///< letters of a word that may be said one by one

const Readings kNothing{{}};

std::string narrow(std::wstring_view text) {
    std::string result;
    for (const wchar_t c : text)
        append_utf8(static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))), result);
    return result;
}

/// Digits without the commas that group them.
std::string digits_of(const std::wstring& text) {
    std::string digits;
    for (const wchar_t c : text)
        if (c >= '0' && c <= '9') digits += static_cast<char>(c);
    return digits;
}

/// "wifi" of "w", "i", "f", "i": letter by letter; the dictionary has letters as words.
Reading spelled(std::wstring_view letters) {
    Reading words;
    for (const wchar_t c : letters)
        if (u_isalpha(static_cast<UChar32>(c))) words.push_back(narrow(std::wstring_view(&c, 1)));
    return words;
}

bool is_upper(wchar_t c) { return u_isupper(static_cast<UChar32>(c)) != 0; }
bool is_digit(wchar_t c) { return c >= '0' && c <= '9'; }

/// "helloWorld" to hello world; a single part when there are no such humps.
Reading humps(std::wstring_view word) {
    Reading parts;
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= word.size(); ++i) {
        const bool end = i == word.size() || (is_upper(word[i]) && !is_upper(word[i - 1]));
        if (!end) continue;
        parts.push_back(narrow(word.substr(begin, i - begin)));
        begin = i;
    }
    return parts;
}

Readings letters_readings(std::wstring_view word, bool dot) {
    Readings readings = abbreviation_readings(narrow(word), dot);
    readings.push_back({narrow(word)});
    const bool capitals = std::all_of(word.begin(), word.end(), is_upper);
    if (capitals && word.size() >= 2 && word.size() <= kMostSpelled) readings.push_back(spelled(word));
    if (const Reading parts = humps(word); parts.size() > 1) readings.push_back(parts);
    return readings;
}

void append(Slots& slots, const Slots& more) { slots.insert(slots.end(), more.begin(), more.end()); }

/// A part of an address, or letters and digits in turn: "mp3", "B2B".
Slots mixed_slots(std::wstring_view word, bool dot) {
    Slots slots;
    for (std::size_t begin = 0; begin < word.size();) {
        const bool digits = is_digit(word[begin]);
        std::size_t end = begin;
        while (end < word.size() && is_digit(word[end]) == digits) ++end;
        const std::wstring_view part = word.substr(begin, end - begin);
        Readings readings = digits ? integer_readings(narrow(part)) : letters_readings(part, dot);
        if (!digits && (begin > 0 || end < word.size()) && part.size() <= kMostSpelled) {
            if (begin > 0)
                for (const Reading& unit : unit_readings(narrow(part))) readings.push_back(unit);
            if (part.size() > 1) readings.push_back(spelled(part));
        }
        slots.push_back(std::move(readings));
        begin = end;
    }
    return slots;
}

Readings sign_readings(const std::wstring& sign) {
    if (sign == L"-") return {{"minus"}, {"negative"}, {}};
    if (sign == L"+") return {{"plus"}, {}};
    return kNothing;
}

// -$1,234.50, 50%, 5 with a unit of one sign behind.
Slots amount(const Match& match) {
    const std::string currency = narrow(match[2].str()), digits = digits_of(match[3].str()),
                      fraction = digits_of(match[4].str()), behind = narrow(match[5].str());
    Slots slots;
    if (match[1].matched && match[1].length() > 0) slots.push_back(sign_readings(match[1].str()));
    slots.push_back(digits.empty() ? Readings{{"zero"}, {}} : integer_readings(digits));
    const std::string& money = currency.empty() ? behind : currency;
    const Readings unit = unit_readings(money);
    const bool is_money = !unit.empty() && money != "%" && behind != "k" && behind != "m" && behind != "b";
    if (match[4].matched) {
        Readings cents = is_money ? optional(unit) : Readings();
        cents.push_back({"point"});
        cents.push_back({"dot"});
        if (is_money) slots.push_back({{"and"}, {}});
        slots.push_back(cents);
        if (is_money) slots.push_back({{"and"}, {}});
        Readings places = fraction_readings(fraction);
        if (fraction.size() == 2)
            for (const Reading& reading :
                 integer_readings(fraction[0] == '0' ? fraction.substr(1) : fraction))
                places.push_back(reading);
        slots.push_back(places);
        if (is_money) slots.push_back({{"cents"}, {"cent"}, {"pence"}, {}});
    }
    if (!behind.empty() && behind != money) slots.push_back(unit_readings(behind));
    if (!unit.empty()) slots.push_back(optional(unit));
    return slots;
}

Slots time_of_day(const Match& match) {
    const std::string hour = digits_of(match[1].str()), minute = digits_of(match[2].str());
    Slots slots;
    const Readings hours = integer_readings(hour.size() == 2 && hour[0] == '0' ? hour.substr(1) : hour);
    slots.push_back(hours);
    slots.push_back({{}, {"to"}, {"colon"}});  // a ratio, a verse
    Readings minutes =
        minute == "00" ? Readings{{}, {"o'clock"}, {"hundred"}, {"hundred", "hours"}} : Readings();
    for (const Reading& reading : integer_readings(minute[0] == '0' ? minute.substr(1) : minute)) {
        if (minute[0] == '0' && minute != "00") {
            minutes.push_back({"oh"});
            minutes.back().insert(minutes.back().end(), reading.begin(), reading.end());
        }
        minutes.push_back(reading);
    }
    if (minute == "30" || minute == "15")
        for (const Reading& reading : hours) {
            Reading past{minute == "30" ? "half" : "quarter", "past"};
            past.insert(past.end(), reading.begin(), reading.end());
            slots[0].push_back(past);  // and then nothing
        }
    if (minute == "30" || minute == "15") minutes.push_back({});
    slots.push_back(minutes);
    if (match[3].matched) slots.push_back(integer_readings(digits_of(match[3].str())));
    if (match[4].matched) slots.push_back(unit_readings(narrow(match[4].str()) + "m"));
    return slots;
}

/// 555-1212, 5-10, 1/2, 5/5/2024, 1.2.3, +1-800-555-0100.
Slots number_list(const std::wstring& text) {
    Slots slots;
    const bool fraction =
        std::count(text.begin(), text.end(), L'/') == 1 && text.find(L'-') == std::wstring::npos;
    for (std::size_t begin = 0; begin < text.size();) {
        if (!is_digit(text[begin])) {
            const wchar_t c = text[begin++];
            if (c == '-') slots.push_back({{}, {"to"}, {"dash"}, {"minus"}, {"through"}, {"hyphen"}});
            if (c == '/') slots.push_back({{}, {"slash"}, {"over"}, {"out", "of"}, {"by"}});
            if (c == '.') slots.push_back({{"point"}, {"dot"}, {}});
            if (c == '+') slots.push_back({{"plus"}, {}});
            continue;
        }
        std::size_t end = begin;
        while (end < text.size() && is_digit(text[end])) ++end;
        const std::string digits = narrow(std::wstring_view(text).substr(begin, end - begin));
        Readings readings = integer_readings(digits);
        if (const Reading nth = ordinal(digits); digits.size() <= 2 && !nth.empty()) readings.push_back(nth);
        if (fraction && begin == 0 && digits == "1") readings.push_back({"a"});
        if (fraction && begin == 0 && digits == "1") readings.push_back({});
        if (fraction && begin > 0)
            for (const Reading& name : denominator_readings(digits)) readings.push_back(name);
        slots.push_back(std::move(readings));
        begin = end;
    }
    return slots;
}

Slots degrees(const Match& match) {
    Slots slots{sign_readings(match[1].str()), integer_readings(digits_of(match[2].str()))};
    if (match[3].matched) append(slots, {{{"point"}}, fraction_readings(digits_of(match[3].str()))});
    slots.push_back({{"degrees"}, {"degree"}, {}});
    const std::string scale = narrow(match[4].str());
    if (scale == "c") slots.push_back({{"celsius"}, {"centigrade"}, {"c"}, {}});
    if (scale == "f") slots.push_back({{"fahrenheit"}, {"f"}, {}});
    return slots;
}

Slots address(const std::wstring& text) {
    Slots slots;
    std::size_t begin = 0;
    if (const std::size_t scheme = text.find(L"://"); scheme != std::wstring::npos) {
        Reading said = spelled(std::wstring_view(text).substr(0, scheme));
        said.insert(said.end(), {"colon", "slash", "slash"});
        slots.push_back({{}, said});
        begin = scheme + 3;
    }
    while (begin < text.size()) {
        std::size_t end = begin;
        while (end < text.size() && is_word_character(static_cast<char32_t>(text[end]))) ++end;
        const std::wstring_view part = std::wstring_view(text).substr(begin, end - begin);
        if (part == L"www")
            slots.push_back({{}, {"w", "w", "w"}});
        else if (!part.empty())
            append(slots, mixed_slots(part, false));
        if (!part.empty() && part != L"www" && part.size() <= kMostSpelled && !is_digit(part[0]))
            slots.back().push_back(spelled(part));
        if (end < text.size()) {
            if (text[end] == '.') slots.push_back({{"dot"}, {"point"}, {}});
            if (text[end] == '-') slots.push_back({{}, {"dash"}, {"hyphen"}});
            if (text[end] == ':') slots.push_back({{}, {"colon"}});
            if (text[end] == '?') slots.push_back({{}, {"question", "mark"}});
            if (const Readings symbol = symbol_readings(static_cast<char32_t>(text[end])); !symbol.empty())
                slots.push_back(symbol);
        }
        begin = end + 1;
    }
    return slots;
}

struct Form {
    std::wregex pattern;
    Slots (*slots)(const Match&);
};

const std::vector<Form>& forms() {
    static const std::vector<Form> kForms = [] {
        const std::wstring number = L"(\\d{1,3}(?:,\\d{3})+|\\d+)", money = L"[$\u00A3\u20AC\u00A5\u20B9]";
        const auto pattern = [](const std::wstring& text) { return std::wregex(text, std::regex::optimize); };
        return std::vector<Form>{
            {pattern(L"([-+]?)(" + money + L"?)" + number + L"(?:\\.(\\d+))?(%|" + money + L"|[kKmMbB]|bn)?"),
             &amount},
            {pattern(L"([-+]?)(" + money + L"?)(\\d*)\\.(\\d+)(%?)"), &amount},
            {pattern(number + L"(?:st|nd|rd|th|ST|ND|RD|TH)"),
             [](const Match& match) {
                 const Reading said = ordinal(digits_of(match[1].str()));
                 return said.empty() ? Slots() : Slots{{said}};
             }},
            {pattern(L"'?(\\d\\d|\\d\\d\\d\\d)'?s"),
             [](const Match& match) {
                 Slots slots{decade_readings(digits_of(match[1].str()))};
                 if (match[1].length() == 4)
                     slots[0].push_back(decade_readings(digits_of(match[1].str()).substr(2))[0]);
                 return slots;
             }},
            {pattern(L"(\\d{1,2}):(\\d\\d)(?::(\\d\\d))?(?:([aApP])\\.?[mM]\\.?)?"), &time_of_day},
            {pattern(L"(\\d{1,2})([aApP])\\.?[mM]\\.?"),
             [](const Match& match) {
                 return Slots{integer_readings(digits_of(match[1].str())),
                              unit_readings(narrow(match[2].str()) + "m")};
             }},
            {pattern(L"\\+?\\d+(?:[-/.]\\d+)+"), [](const Match& match) { return number_list(match.str()); }},
            {pattern(L"#" + number),
             [](const Match& match) {
                 return Slots{{{"number"}, {"hashtag"}, {"hash"}, {"pound"}, {}},
                              integer_readings(digits_of(match[1].str()))};
             }},
            {pattern(L"([-+]?)" + number + L"(?:\\.(\\d+))?\u00B0([CF]?)"), &degrees},
            {pattern(L"#(\\w+)"),
             [](const Match& match) {
                 Slots slots{{{"hashtag"}, {"hash"}, {}}};
                 append(slots, mixed_slots(match[1].str(), false));
                 return slots;
             }},
            {pattern(L"([A-Za-z])\\+\\+"),
             [](const Match& match) {
                 return Slots{{{narrow(match[1].str())}}, {{"plus", "plus"}}};
             }},
            {pattern(L"([A-G])#"),
             [](const Match& match) {
                 return Slots{{{narrow(match[1].str())}}, {{"sharp"}}};
             }},
            {pattern(L"((?:[A-Za-z]\\.)+[A-Za-z])\\.?"),
             [](const Match& match) {
                 Readings readings = abbreviation_readings(narrow(match[1].str()), true);
                 readings.push_back(spelled(match[1].str()));
                 return Slots{readings};
             }},
            {pattern(
                 L"(?:[a-zA-Z]+://"
                 L"|www\\.).+|[^@\\s]+@[\\w-]+(?:\\.[\\w-]+)+|[\\w-]+(?:\\.[\\w-]+)*\\.[a-z]{2,4}(?:/.*)?"),
             [](const Match& match) { return address(match.str()); }}};
    }();
    return kForms;
}

}  // namespace

std::vector<Readings> word_form(std::u32string_view word, bool dot) {
    return mixed_slots(std::wstring(word.begin(), word.end()), dot);
}

std::vector<Readings> written_form(std::u32string_view written, bool dot) {
    const std::wstring text(written.begin(), written.end());
    if (text.size() <= kLongestForm)
        for (const Form& form : forms())
            if (Match match; std::regex_match(text, match, form.pattern))
                if (std::vector<Readings> slots = form.slots(match); !slots.empty()) return slots;
    const bool one_word = std::all_of(text.begin(), text.end(), [](wchar_t c) {
        return c == '\'' || is_word_character(static_cast<char32_t>(c));
    });
    return one_word ? mixed_slots(text, dot) : std::vector<Readings>();
}

namespace {

bool is_month(const std::string& word) {
    static const std::vector<std::string> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
    const std::string lower = narrow(std::wstring(word.begin(), word.end()));
    return word.size() >= 3 && is_upper(static_cast<unsigned char>(word[0])) &&
           std::find(kMonths.begin(), kMonths.end(), lower.substr(0, 3)) != kMonths.end() &&
           lower.size() <= 9;
}

bool all_digits(const std::string& word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](unsigned char c) { return is_digit(c); });
}

void add_ordinals(const Reading& said, Readings& readings, bool of) {
    if (said.empty()) return;
    Reading with_article{"the"};
    with_article.insert(with_article.end(), said.begin(), said.end());
    for (Reading reading : {said, with_article}) {
        readings.push_back(reading);
        reading.push_back("of");
        if (of) readings.push_back(reading);
    }
}

}  // namespace

void look_around(std::vector<TextWord>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        TextWord& word = words[i];
        const std::string before = i > 0 ? words[i - 1].written : "",
                          after = i + 1 < words.size() ? words[i + 1].written : "";
        if (all_digits(word.written) && word.written.size() <= 2 && (is_month(before) || is_month(after)))
            add_ordinals(ordinal(word.written), word.slots[0], is_month(after));
        const int roman = roman_value(word.written);
        const bool after_name = !before.empty() && is_upper(static_cast<unsigned char>(before[0]));
        if (roman > 0 && (after_name || roman > 1)) {
            const std::string digits = std::to_string(roman);
            for (const Reading& reading : integer_readings(digits)) word.slots[0].push_back(reading);
            add_ordinals(ordinal(digits), word.slots[0], false);
        }
        const std::string unit = narrow(std::wstring(word.written.begin(), word.written.end()));
        static const std::vector<std::string> kScales = {"hundred", "thousand", "million", "billion",
                                                         "trillion"};
        if (i > 0 && std::find(kScales.begin(), kScales.end(), unit) != kScales.end() && !before.empty() &&
            (before[0] == '$' || static_cast<unsigned char>(before[0]) >= 0x80))
            word.slots.push_back({{}, {"dollars"}, {"dollar"}, {"euros"}, {"pounds"}});
        // "5 km": the unit of the number before.
        if (all_digits(before) && word.slots.size() == 1)
            for (const Reading& reading : unit_readings(unit)) word.slots[0].push_back(reading);
    }
}

}  // namespace vultus::pronunciation
