// How numbers are said in English: all usual ways, since the sound decides among them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vultus::pronunciation {

/// Lower-case words, one after the other. An empty one: nothing is said.
using Reading = std::vector<std::string>;
using Readings = std::vector<Reading>;

/// 1205: one thousand two hundred (and) five; from 0 to 999,999,999,999,999.
Reading cardinal(std::int64_t number, bool with_and);
/// From 0 to 99.
Reading two_digits(int number);
/// Each digit by itself; `zero` for 0.
Reading one_by_one(std::string_view digits, const char* zero);
/// "eighth" of 8; empty beyond 999,999,999,999,999.
Reading ordinal(std::string_view digits);
/// Of whole numbers, the most usual one first: "2024" is two thousand (and) twenty four, twenty twenty four,
/// two zero two four ...
Readings integer_readings(std::string_view digits);
/// After a decimal point: digit by digit, and as a number where it has two digits.
Readings fraction_readings(std::string_view digits);
/// "90", "1990": nineties, nineteen nineties.
Readings decade_readings(std::string_view digits);
/// What a denominator is called: "2" is half, halves, second; "4" fourth, fourths, quarter, quarters.
Readings denominator_readings(std::string_view digits);
/// The value of a Roman numeral written as people do, up to 89 (LXXXIX); 0 for other words.
int roman_value(std::string_view word);

}  // namespace vultus::pronunciation
