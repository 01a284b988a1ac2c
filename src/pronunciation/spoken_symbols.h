// Names of symbols, units and abbreviations.
#pragma once

#include <string>

#include "pronunciation/number_readings.h"

namespace vultus::pronunciation {

bool is_currency(char32_t character);

/// These, or nothing.
Readings optional(Readings readings);

/// Names of a symbol, and nothing where it may be left out; empty for what is never said.
Readings symbol_readings(char32_t symbol);

/// Of a currency's sign or a unit in lower case; empty for others.
Readings unit_readings(const std::string& unit);

/// Of a word in lower case; some are abbreviations only where a full stop follows (`dot`). Empty for others.
Readings abbreviation_readings(const std::string& word, bool dot);

}  // namespace vultus::pronunciation
