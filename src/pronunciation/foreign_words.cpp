#include "pronunciation/foreign_words.h"

#include <unicode/brkiter.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "pronunciation/plain_text.h"
#include "pronunciation/spelled_numbers.h"
#include "pronunciation/spoken_symbols.h"

namespace vultus::pronunciation {
namespace {

constexpr std::size_t kMostSpelled = 5;  ///< capitals that may be said one by one

struct Token {
    std::size_t begin = 0, end = 0;  ///< in the text's characters
    std::u32string text;
    bool number = false, word = false;
};

std::string utf8_of(std::u32string_view characters) {
    std::string text;
    for (const char32_t c : characters) append_utf8(c, text);
    return text;
}

/// Without blanks.
std::vector<Token> tokens_of(const std::vector<char32_t>& plain, const std::string& language) {
    icu::UnicodeString text;
    std::vector<std::size_t> places;  // of code units in `plain`
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (plain[i] == PlainText::kSkipped) continue;
        text.append(static_cast<UChar32>(plain[i]));
        places.resize(static_cast<std::size_t>(text.length()), i);
    }
    UErrorCode status = U_ZERO_ERROR;
    const icu::Locale locale = icu::Locale::forLanguageTag(language, status);
    const std::unique_ptr<icu::BreakIterator> breaks(icu::BreakIterator::createWordInstance(locale, status));
    if (U_FAILURE(status) || !breaks)
        fail(ErrorCode::kUnsupported, "[pronunciation] words: expected ICU's rules for '{}', got {}",
             language, u_errorName(status));
    breaks->setText(text);
    std::vector<Token> tokens;
    for (std::int32_t begin = breaks->first(), end = breaks->next(); end != icu::BreakIterator::DONE;
         begin = end, end = breaks->next()) {
        Token token;
        const std::int32_t kind = breaks->getRuleStatus();
        for (std::int32_t i = begin; i < end; i = text.moveIndex32(i, 1))
            token.text += static_cast<char32_t>(text.char32At(i));
        if (token.text.find_first_not_of(U' ') == std::u32string::npos) continue;
        token.begin = places[static_cast<std::size_t>(begin)];
        token.end = places[static_cast<std::size_t>(end) - 1] + 1;
        token.number = u_charDigitValue(static_cast<UChar32>(token.text[0])) >= 0;
        token.word = kind >= UBRK_WORD_NUMBER;
        tokens.push_back(std::move(token));
    }
    return tokens;
}

class ForeignReader {
  public:
    ForeignReader(const std::vector<char32_t>& plain, const std::string& language)
        : tokens_(tokens_of(plain, language)), numbers_(language), chinese_(language.starts_with("zh")) {}

    std::vector<PlacedWord> read() {
        while (at_ < tokens_.size()) {
            if (!amount()) one();
        }
        return std::move(words_);
    }

  private:
    bool touches(std::size_t index) const {
        return index + 1 < tokens_.size() && tokens_[index].end == tokens_[index + 1].begin;
    }
    bool is(std::size_t index, char32_t sign) const {
        return index < tokens_.size() && tokens_[index].text.size() == 1 && tokens_[index].text[0] == sign;
    }
    bool is_money(std::size_t index) const {
        return index < tokens_.size() && tokens_[index].text.size() == 1 &&
               is_currency(tokens_[index].text[0]);
    }

    void add(std::size_t first, std::size_t last, std::vector<Readings> slots) {
        words_.push_back({tokens_[first].begin, tokens_[last].end, std::move(slots)});
    }

    /// Digits with what is before and behind them: "-5", "$5", "50 %", "12:30", "3.", "5 km".
    bool amount() {
        std::size_t number = at_;
        const bool starts = at_ == 0 || tokens_[at_ - 1].end < tokens_[at_].begin;
        const bool sign = starts && (is(at_, '-') || is(at_, '+')) && touches(at_);
        if (sign) ++number;
        const bool money = is_money(number);
        if (money) ++number;
        if (number >= tokens_.size() || !tokens_[number].number) return false;
        std::size_t last = number;
        std::vector<Readings> slots;
        if (sign) slots.push_back(numbers_.sign(static_cast<char>(tokens_[at_].text[0])));
        if (chinese_ && is(number + 1, '%')) slots.push_back({{"\u767E\u5206\u4E4B"}, {}});
        digits(number, slots);
        const std::string digits_text = utf8_of(tokens_[number].text);
        if (is(number + 1, ':') && touches(number) && touches(number + 1) && tokens_[number + 2].number) {
            last = number + 2;
            slots.push_back(optional(numbers_.hours()));
            digits(last, slots);
            slots.back().push_back({});  // o'clock
            slots.push_back(optional(numbers_.hours()));
        } else if (money) {
            slots.push_back(optional(numbers_.unit(utf8_of(tokens_[number - 1].text), digits_text)));
        } else if (number + 1 < tokens_.size()) {
            last = unit_behind(number, digits_text, slots);
        }
        add(at_, last, std::move(slots));
        at_ = last + 1;
        return true;
    }

    /// "5", or "1er": what is behind the digits may be an ending.
    void digits(std::size_t index, std::vector<Readings>& slots) {
        const std::u32string& text = tokens_[index].text;
        std::size_t end = 0;
        while (end < text.size() && !u_isalpha(static_cast<UChar32>(text[end]))) ++end;
        Readings readings = numbers_.number(utf8_of(text.substr(0, end)));
        if (readings.empty())
            readings.push_back({utf8_of(text.substr(0, end))});  // "2;24": the voice says it somehow
        if (end < text.size()) readings.push_back({utf8_of(text)});
        slots.push_back(std::move(readings));
        if (end < text.size()) slots.push_back({{}, {utf8_of(text.substr(end))}});
    }

    /// The number's last token: itself, or its unit.
    std::size_t unit_behind(std::size_t number, const std::string& digits, std::vector<Readings>& slots) {
        std::string sign = utf8_of(tokens_[number + 1].text);
        std::size_t last = number + 1;
        if (is(last, 0x00B0) && touches(last) && (is(last + 1, 'C') || is(last + 1, 'F')))
            sign += utf8_of(tokens_[++last].text);
        if (sign == "km" && is(last + 1, '/') && is(last + 2, 'h')) {
            sign = "km/h";
            last += 2;
        }
        Readings unit = numbers_.unit(sign, digits);
        if (unit.empty()) return number;
        unit.push_back({sign});
        const bool is_letters = tokens_[number + 1].word;
        slots.push_back(is_letters ? unit : optional(unit));
        return last;
    }

    void one() {
        const Token& token = tokens_[at_];
        const std::string text = utf8_of(token.text);
        if (token.word) {
            Readings readings{{text}};
            const bool capitals = std::all_of(token.text.begin(), token.text.end(),
                                              [](char32_t c) { return u_isupper(static_cast<UChar32>(c)); });
            if (capitals && token.text.size() > 1 && token.text.size() <= kMostSpelled) {
                readings.emplace_back();
                for (const char32_t c : token.text) readings.back().push_back(utf8_of(std::u32string(1, c)));
            }
            add(at_, at_, {readings});
        } else if (token.text.size() == 1 && !symbol_readings(token.text[0]).empty()) {
            add(at_, at_, {{{}, {text}}});  // the voice knows its name
        }
        ++at_;
    }

    std::vector<Token> tokens_;
    SpelledNumbers numbers_;
    bool chinese_;
    std::vector<PlacedWord> words_;
    std::size_t at_ = 0;
};

/// Errors: kUnsupported when ICU lacks these rules.
std::unique_ptr<icu::Transliterator> rules_named(const char* id) {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::Transliterator> rules(
        icu::Transliterator::createInstance(icu::UnicodeString(id), UTRANS_FORWARD, status));
    if (U_FAILURE(status) || !rules)
        fail(ErrorCode::kUnsupported, "[pronunciation] Chinese: expected ICU's rules {}, got {}", id,
             u_errorName(status));
    return rules;
}

}  // namespace

std::vector<PlacedWord> foreign_words(const std::vector<char32_t>& plain, const std::string& language) {
    return ForeignReader(plain, language).read();
}

std::string pinyin(const std::string& chinese) {
    static const std::unique_ptr<icu::Transliterator> kToLatin = rules_named("Han-Latin"),
                                                      kToDigits = rules_named("Latin-NumericPinyin");
    icu::UnicodeString latin = icu::UnicodeString::fromUTF8(chinese);
    kToLatin->transliterate(latin);
    // Syllable by syllable: of several at once the second rules drop the blanks.
    std::string result;
    for (std::int32_t begin = 0; begin < latin.length();) {
        std::int32_t end = latin.indexOf(u' ', begin);
        if (end < 0) end = latin.length();
        icu::UnicodeString syllable = latin.tempSubStringBetween(begin, end);
        kToDigits->transliterate(syllable);
        if (!result.empty()) result += ' ';
        syllable.toUTF8String(result);
        begin = end + 1;
    }
    return result;
}

bool holds_ideographs(const std::string& text) {
    const icu::UnicodeString characters = icu::UnicodeString::fromUTF8(text);
    for (std::int32_t i = 0; i < characters.length(); i = characters.moveIndex32(i, 1))
        if (u_hasBinaryProperty(characters.char32At(i), UCHAR_IDEOGRAPHIC)) return true;
    return false;
}

std::string lower_case(const std::string& text) {
    std::string result;
    icu::UnicodeString::fromUTF8(text).toLower().toUTF8String(result);
    return result;
}

}  // namespace vultus::pronunciation
