#include "pronunciation/spelled_numbers.h"

#include <unicode/dcfmtsym.h>
#include <unicode/measunit.h>
#include <unicode/numberformatter.h>
#include <unicode/rbnf.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

namespace vultus::pronunciation {
namespace {

constexpr std::size_t kMostDigits = 15, kMostOneByOne = 24;
constexpr UChar kSoftHyphen = 0x00AD;

/// Words with blanks between.
Reading words_of_spelling(icu::UnicodeString spelled) {
    spelled.findAndReplace(icu::UnicodeString(kSoftHyphen), icu::UnicodeString());
    std::string text;
    spelled.toUTF8String(text);
    std::istringstream in(text);
    Reading words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

void add(Readings& readings, Reading reading) {
    if (!reading.empty() && std::find(readings.begin(), readings.end(), reading) == readings.end())
        readings.push_back(std::move(reading));
}

/// "$" is dollars wherever they are from.
const char* currency_of(const std::string& sign) {
    static const std::map<std::string, const char*> kCurrencies = {
        {"$", "USD"},      {"\u20AC", "EUR"}, {"\u00A3", "GBP"}, {"\u00A5", "JPY"},
        {"\u20B9", "INR"}, {"\u20BD", "RUB"}, {"\u20A9", "KRW"}, {"\u20BA", "TRY"},
        {"\u20B4", "UAH"}, {"\u20AA", "ILS"}, {"\u0E3F", "THB"}, {"\u20AB", "VND"}};
    const auto found = kCurrencies.find(sign);
    return found == kCurrencies.end() ? nullptr : found->second;
}

const char* unit_name(const std::string& sign) {
    static const std::map<std::string, const char*> kUnits = {
        {"%", "percent"},     {"km", "kilometer"},    {"m", "meter"},
        {"cm", "centimeter"}, {"mm", "millimeter"},   {"kg", "kilogram"},
        {"g", "gram"},        {"l", "liter"},         {"h", "hour"},
        {"min", "minute"},    {"s", "second"},        {"km/h", "kilometer-per-hour"},
        {"\u00B0", "degree"}, {"\u00B0C", "celsius"}, {"\u00B0F", "fahrenheit"},
        {"GB", "gigabyte"},   {"MB", "megabyte"}};
    const auto found = kUnits.find(sign);
    return found == kUnits.end() ? nullptr : found->second;
}

bool is_separator(char c) { return c == '.' || c == ',' || c == '\''; }

}  // namespace

struct SpelledNumbers::Rules {
    explicit Rules(const std::string& language) : locale(icu::Locale::forLanguageTag(language, status)) {
        if (U_FAILURE(status)) locale = icu::Locale(language.c_str());
        status = U_ZERO_ERROR;
        spell = std::make_unique<icu::RuleBasedNumberFormat>(icu::URBNF_SPELLOUT, locale, status);
        if (U_FAILURE(status)) spell.reset();
        status = U_ZERO_ERROR;
        const icu::DecimalFormatSymbols symbols(locale, status);
        const icu::UnicodeString separator =
            symbols.getConstSymbol(icu::DecimalFormatSymbols::kDecimalSeparatorSymbol);
        if (U_SUCCESS(status) && separator == icu::UnicodeString(u',')) decimal = ',';
    }

    /// By every public rule set: genders, cases, years, ordinals.
    template <typename Number>
    Readings all(Number value) {
        Readings readings;
        if (!spell) return readings;
        for (std::int32_t i = 0; i < spell->getNumberOfRuleSetNames(); ++i) {
            icu::UnicodeString text;
            icu::FieldPosition nowhere;
            UErrorCode failed = U_ZERO_ERROR;
            spell->format(value, spell->getRuleSetName(i), text, nowhere, failed);
            if (U_SUCCESS(failed)) add(readings, words_of_spelling(text));
        }
        return readings;
    }

    /// "Euro" of "5 Euro": the number's form chooses the noun's.
    Readings beside(const icu::MeasureUnit& unit, double value) {
        UErrorCode failed = U_ZERO_ERROR;
        const icu::UnicodeString text = icu::number::NumberFormatter::withLocale(locale)
                                            .unit(unit)
                                            .unitWidth(UNUM_UNIT_WIDTH_FULL_NAME)
                                            .precision(icu::number::Precision::maxFraction(6))
                                            .formatDouble(value, failed)
                                            .toString(failed);
        if (U_FAILURE(failed)) return {};
        icu::UnicodeString noun;
        for (std::int32_t i = 0; i < text.length(); ++i) {
            const UChar c = text.charAt(i);
            const bool digit =
                u_isdigit(c) || (c < 0x80 && is_separator(static_cast<char>(c))) || c == 0x066B;
            noun += digit ? u' ' : u_isUWhiteSpace(c) ? u' ' : c;
        }
        Readings readings;
        add(readings, words_of_spelling(noun));
        return readings;
    }

    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale;
    std::unique_ptr<icu::RuleBasedNumberFormat> spell;
    char decimal = '.';
};

namespace {

struct Parsed {
    std::string whole, fraction;
    bool plain = true;  ///< digits alone
};

/// Which of its separators group and which one begins the fraction.
Parsed parsed(const std::string& written, char decimal) {
    Parsed number;
    const std::size_t last = written.find_last_of(".,'");
    number.plain = last == std::string::npos;
    bool groups = !number.plain;
    if (!number.plain) {
        const bool several = written.find_first_of(".,'") != last;
        const bool mixed =
            several && written.find_first_not_of("0123456789" + written.substr(last, 1)) != std::string::npos;
        const bool three = written.size() - last - 1 == 3;
        groups = three && !mixed && (several || written[last] != decimal);
    }
    for (std::size_t i = 0; i < written.size(); ++i)
        if (!is_separator(written[i]))
            (groups || number.plain || i < last ? number.whole : number.fraction) += written[i];
    return number;
}

/// Digits of any script as ASCII's.
std::string ascii_digits(const std::string& written) {
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(written);
    std::string result;
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        const UChar32 c = text.char32At(i);
        const std::int32_t digit = u_charDigitValue(c);
        if (digit >= 0)
            result += static_cast<char>('0' + digit);
        else if (c == 0x066B)
            result += '.';
        else if (c < 0x80 && is_separator(static_cast<char>(c)))
            result += static_cast<char>(c);
        else if (c != 0x066C)
            return "";
    }
    return result;
}

double value_of(const Parsed& number) {
    return std::strtod((number.whole + "." + number.fraction).c_str(), nullptr);
}

}  // namespace

SpelledNumbers::SpelledNumbers(const std::string& language) : rules_(std::make_unique<Rules>(language)) {}

SpelledNumbers::~SpelledNumbers() = default;

Readings SpelledNumbers::number(const std::string& written) {
    const Parsed number = parsed(ascii_digits(written), rules_->decimal);
    if (number.whole.empty() && number.fraction.empty()) return {};
    Readings readings;
    if (number.whole.size() <= kMostDigits && number.fraction.size() <= kMostDigits)
        readings =
            number.fraction.empty()
                ? rules_->all(static_cast<std::int64_t>(std::strtoll(number.whole.c_str(), nullptr, 10)))
                : rules_->all(value_of(number));
    if (number.plain && number.whole.size() > 1 && number.whole.size() <= kMostOneByOne) {
        Reading one_by_one;
        for (const char digit : number.whole) {
            const Readings names = rules_->all(static_cast<std::int64_t>(digit - '0'));
            if (!names.empty()) one_by_one.insert(one_by_one.end(), names[0].begin(), names[0].end());
        }
        add(readings, one_by_one);
    }
    add(readings, {written});  // as the voice says it
    return readings;
}

Readings SpelledNumbers::unit(const std::string& sign, const std::string& number) {
    const double value = value_of(parsed(ascii_digits(number), rules_->decimal));
    UErrorCode failed = U_ZERO_ERROR;
    if (const char* currency = currency_of(sign)) {
        const icu::CurrencyUnit unit(icu::StringPiece(currency), failed);
        return U_SUCCESS(failed) ? rules_->beside(unit, value) : Readings();
    }
    const char* name = unit_name(sign);
    if (name == nullptr) return {};
    const icu::MeasureUnit unit = icu::MeasureUnit::forIdentifier(name, failed);
    return U_SUCCESS(failed) ? rules_->beside(unit, value) : Readings();
}

Readings SpelledNumbers::hours() const {
    static const std::map<std::string, Readings> kHours = {
        {"de", {{"Uhr"}}},
        {"fr", {{"heures"}, {"heure"}}},
        {"es", {{"y"}, {"horas"}}},
        {"it", {{"e"}, {"ore", "e"}}},
        {"pt", {{"horas"}, {"e"}, {"horas", "e"}}},
        {"nl", {{"uur"}}},
        {"ru", {{"\u0447\u0430\u0441\u043E\u0432"}, {"\u0447\u0430\u0441\u0430"}, {"\u0447\u0430\u0441"}}},
        {"zh", {{"\u70B9"}}},
        {"ja", {{"\u3058"}}},
        {"sv", {{"och"}}},
        {"hi", {{"\u092C\u091C\u0915\u0930"}, {"\u092C\u091C\u0947"}}}};
    const auto found = kHours.find(rules_->locale.getLanguage());
    return found == kHours.end() ? Readings() : found->second;
}

Readings SpelledNumbers::sign(char sign) {
    if (sign == '+') return {{"+"}, {}};
    // What ICU says before five and not of five.
    const Readings negative = rules_->all(std::int64_t{-5}), positive = rules_->all(std::int64_t{5});
    if (negative.empty() || positive.empty() || negative[0].size() <= positive[0].size()) return {{"-"}, {}};
    return {{negative[0].begin(), negative[0].end() - static_cast<std::ptrdiff_t>(positive[0].size())}, {}};
}

}  // namespace vultus::pronunciation
