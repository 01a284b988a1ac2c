#include "pronunciation/number_readings.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace vultus::pronunciation {
namespace {

constexpr const char* kOnes[] = {"zero",    "one",     "two",       "three",    "four",
                                 "five",    "six",     "seven",     "eight",    "nine",
                                 "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                 "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr const char* kTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                 "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr std::pair<std::int64_t, const char*> kScales[] = {
    {1'000'000'000'000, "trillion"}, {1'000'000'000, "billion"}, {1'000'000, "million"}, {1'000, "thousand"}};
constexpr std::size_t kMostDigits = 15;

void below_hundred(int number, Reading& words) {
    if (number < 20) {
        words.push_back(kOnes[number]);
        return;
    }
    words.push_back(kTens[number / 10]);
    if (number % 10 != 0) words.push_back(kOnes[number % 10]);
}

void below_thousand(int number, bool with_and, Reading& words) {
    if (number >= 100) {
        words.push_back(kOnes[number / 100]);
        words.push_back("hundred");
        number %= 100;
        if (number == 0) return;
        if (with_and) words.push_back("and");
    }
    below_hundred(number, words);
}

}  // namespace

Reading cardinal(std::int64_t number, bool with_and) {
    Reading words;
    bool larger = false;
    for (const auto& [scale, name] : kScales) {
        if (number < scale) continue;
        below_thousand(static_cast<int>(number / scale), with_and, words);
        words.push_back(name);
        number %= scale;
        larger = true;
    }
    if (larger && number == 0) return words;
    if (larger && with_and && number < 100) words.push_back("and");
    below_thousand(static_cast<int>(number), with_and, words);
    return words;
}

Reading two_digits(int number) {
    Reading words;
    below_hundred(number, words);
    return words;
}

Reading one_by_one(std::string_view digits, const char* zero) {
    Reading words;
    for (const char digit : digits) words.push_back(digit == '0' ? zero : kOnes[digit - '0']);
    return words;
}

namespace {

Reading joined(const Reading& first, const Reading& second) {
    Reading words = first;
    words.insert(words.end(), second.begin(), second.end());
    return words;
}

/// "0523": oh five twenty three.
Reading in_pairs(std::string_view digits) {
    Reading words;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        const int pair = (digits[i] - '0') * 10 + digits[i + 1] - '0';
        if (pair < 10) words.push_back("oh");
        if (pair == 0)
            words.push_back("oh");
        else
            below_hundred(pair, words);
    }
    return words;
}

/// Years and house numbers: nineteen hundred, nineteen oh five, nineteen hundred (and) five, five twenty
/// three.
void add_split_readings(int number, int digits, Readings& readings) {
    const int high = number / 100, low = number % 100;
    if (low != 0)
        readings.push_back(
            joined(two_digits(high), low < 10 ? joined({"oh"}, two_digits(low)) : two_digits(low)));
    if (digits != 4 || high % 10 == 0) return;
    const Reading hundred = joined(two_digits(high), {"hundred"});
    if (low == 0) {
        readings.push_back(hundred);
        return;
    }
    readings.push_back(joined(hundred, two_digits(low)));
    readings.push_back(joined(joined(hundred, {"and"}), two_digits(low)));
}

void add_digit_readings(std::string_view digits, Readings& readings) {
    readings.push_back(one_by_one(digits, "zero"));
    readings.push_back(one_by_one(digits, "oh"));
    if (digits.size() >= 4 && digits.size() % 2 == 0) readings.push_back(in_pairs(digits));
    if (digits.size() >= 3 && digits.starts_with("00"))
        readings.push_back(joined({"double", "oh"}, one_by_one(digits.substr(2), "oh")));
}

void keep_each_once(Readings& readings) {
    Readings once;
    for (Reading& reading : readings)
        if (std::find(once.begin(), once.end(), reading) == once.end()) once.push_back(std::move(reading));
    readings = std::move(once);
}

std::string ordinal_word(const std::string& word) {
    static constexpr std::pair<const char*, const char*> kOdd[] = {
        {"one", "first"},    {"two", "second"}, {"three", "third"},   {"five", "fifth"},
        {"eight", "eighth"}, {"nine", "ninth"}, {"twelve", "twelfth"}};
    for (const auto& [cardinal, ordinal] : kOdd)
        if (word == cardinal) return ordinal;
    return word.back() == 'y' ? word.substr(0, word.size() - 1) + "ieth" : word + "th";
}

std::string plural(const std::string& word) {
    if (word.back() == 'y') return word.substr(0, word.size() - 1) + "ies";
    return word == "six" ? "sixes" : word + "s";
}

}  // namespace

Reading ordinal(std::string_view digits) {
    if (digits.empty() || digits.size() > kMostDigits) return {};
    Reading words = cardinal(std::stoll(std::string(digits)), false);
    words.back() = ordinal_word(words.back());
    return words;
}

Readings integer_readings(std::string_view digits) {
    Readings readings;
    const bool plain = digits.size() == 1 || (digits[0] != '0' && digits.size() <= kMostDigits);
    if (plain) {
        const std::int64_t number = std::stoll(std::string(digits));
        // Most numbers of four digits are years.
        if (digits.size() == 4 && number < 2000 && number % 100 != 0)
            add_split_readings(static_cast<int>(number), 4, readings);
        for (const bool with_and : {false, true}) {
            readings.push_back(cardinal(number, with_and));
            if (number >= 100 && readings.back()[0] == "one") {
                Reading with_article = readings.back();
                with_article[0].assign(1, 'a');
                readings.push_back(std::move(with_article));
            }
        }
        if (digits.size() == 3 || digits.size() == 4)
            add_split_readings(static_cast<int>(number), static_cast<int>(digits.size()), readings);
    }
    if (digits == "0") readings.push_back({"oh"});
    if (digits.size() > 1) add_digit_readings(digits, readings);
    keep_each_once(readings);
    return readings;
}

Readings fraction_readings(std::string_view digits) {
    Readings readings{one_by_one(digits, "zero"), one_by_one(digits, "oh")};
    if (digits.size() == 2 && digits[0] != '0')
        readings.push_back(two_digits(std::stoi(std::string(digits))));
    keep_each_once(readings);
    return readings;
}

Readings decade_readings(std::string_view digits) {
    const int number = std::stoi(std::string(digits)), low = number % 100;
    Reading last = low == 0 ? Reading{"hundred"} : two_digits(low);
    if (low == 0 && number % 1000 == 0) last = {"thousand"};
    last.back() = plural(last.back());
    if (digits.size() == 2) return {last};
    if (number % 1000 == 0) return {joined(two_digits(number / 1000), last)};
    return {joined(two_digits(number / 100), last)};
}

Readings denominator_readings(std::string_view digits) {
    Readings readings;
    if (digits == "2") readings = {{"half"}, {"halves"}};
    if (digits == "4") readings = {{"quarter"}, {"quarters"}};
    const Reading one = ordinal(digits);
    if (!one.empty()) {
        readings.push_back(one);
        readings.push_back(one);
        readings.back().back() += "s";
    }
    return readings;
}

int roman_value(std::string_view word) {
    static constexpr const char* kTensRoman[] = {"", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX"};
    static constexpr const char* kOnesRoman[] = {"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"};
    for (int tens = 0; tens < 9; ++tens)
        for (int ones = 0; ones < 10; ++ones)
            if (word == std::string(kTensRoman[tens]) + kOnesRoman[ones]) return 10 * tens + ones;
    return 0;
}

}  // namespace vultus::pronunciation
