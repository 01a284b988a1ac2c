// Numbers, amounts and units in any language, by the rules that ICU has for it.
#pragma once

#include <memory>
#include <string>

#include "pronunciation/number_readings.h"

namespace vultus::pronunciation {

class SpelledNumbers {
  public:
    /// language: BCP 47.
    explicit SpelledNumbers(const std::string& language);
    ~SpelledNumbers();

    /// All ways to say what is written as digits with separators, "1.234,5": cardinal and ordinal in every
    /// gender and case, as a year, digit by digit. Empty for what is no number.
    Readings number(const std::string& written);
    /// What is said for a sign or a unit beside that number: "%", "EUR"'s sign, "km", a degree sign with or
    /// without a letter. Empty for others.
    Readings unit(const std::string& sign, const std::string& number);
    /// Between hour and minute; empty when the language is not known for one.
    Readings hours() const;
    /// "minus" or "plus".
    Readings sign(char sign);

  private:
    struct Rules;
    std::unique_ptr<Rules> rules_;
};

}  // namespace vultus::pronunciation
