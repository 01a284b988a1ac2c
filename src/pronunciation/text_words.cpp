#include "pronunciation/text_words.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "pronunciation/foreign_words.h"
#include "pronunciation/language.h"
#include "pronunciation/plain_text.h"
#include "pronunciation/spoken_symbols.h"
#include "pronunciation/written_forms.h"

namespace vultus::pronunciation {
namespace {

bool is_blank(char32_t c) { return c == ' '; }

/// In front of or behind a word, these belong to it.
bool belongs_in_front(std::u32string_view rest) {
    const char32_t c = rest[0], next = rest.size() > 1 ? rest[1] : U' ';
    if (is_word_character(c) || is_currency(c) || U_GET_GC_MASK(static_cast<UChar32>(c)) == U_GC_NO_MASK)
        return true;
    if (c == '#' || c == '@') return is_word_character(next);
    if (c == '-' || c == '+') return next < 0x80 ? u_isdigit(next) || next == '$' : is_currency(next);
    return (c == '.' || c == '\'') && next < 0x80 && u_isdigit(next);
}

bool belongs_behind(std::u32string_view upto) {
    const char32_t c = upto.back(), before = upto.size() > 1 ? upto[upto.size() - 2] : U' ';
    if (is_word_character(c) || is_currency(c) || c == 0x00B0 ||
        U_GET_GC_MASK(static_cast<UChar32>(c)) == U_GC_NO_MASK)
        return true;
    if (c == '%') return before < 0x80 && u_isdigit(before);
    if (c == '+') return before == '+' || is_word_character(before);
    return c == '#' && upto.size() == 2 && is_word_character(before);
}

class TextReader {
  public:
    explicit TextReader(std::string_view text) : text_(plain_text(text)) {}

    std::vector<TextWord> read(const std::string& language) {
        if (language_named(language).is_english())
            read_english();
        else
            for (PlacedWord& word : foreign_words(text_.plain, language))
                add_place(word.begin, word.end, std::move(word.slots));
        mark_optional();
        fill_shown();
        return std::move(words_);
    }

  private:
    void read_english() {
        for (std::size_t begin = 0; begin < text_.plain.size();) {
            std::size_t end = begin;
            while (end < text_.plain.size() && !is_blank(text_.plain[end])) ++end;
            if (end > begin) chunk(begin, end);
            begin = end + 1;
        }
        look_around(words_);
    }

    /// What stands between two blanks.
    void chunk(std::size_t begin, std::size_t end) {
        characters_.clear();
        places_.clear();
        for (std::size_t i = begin; i < end; ++i)
            if (text_.plain[i] != PlainText::kSkipped) {
                characters_ += text_.plain[i];
                places_.push_back(i);
            }
        part(0, characters_.size());
    }

    /// A number, an address, a word; else its parts.
    void part(std::size_t begin, std::size_t end) {
        const std::u32string_view all = characters_;
        std::size_t first = begin, last = end;
        while (first < last && !belongs_in_front(all.substr(first, last - first))) ++first;
        while (last > first && !belongs_behind(all.substr(first, last - first))) --last;
        symbols(begin, first);
        const bool dot = last < end && characters_[last] == '.';
        if (first < last) {
            const std::u32string_view core = all.substr(first, last - first);
            if (std::vector<Readings> slots = written_form(core, dot); !slots.empty())
                add(first, last, std::move(slots));
            else
                split(first, last);
        }
        symbols(last, end);
    }

    void split(std::size_t begin, std::size_t end) {
        std::size_t at = begin;
        while (at < end) {
            std::size_t stop = at;
            while (stop < end && in_word(stop, at, end)) ++stop;
            if (stop == at) {
                symbols(at, at + 1);
                ++at;
                continue;
            }
            if (stop - at == end - begin)
                add(at, stop, word_form(std::u32string_view(characters_).substr(at, stop - at), false));
            else
                part(at, stop);
            at = stop;
        }
    }

    /// Letters, digits, and apostrophes between them.
    bool in_word(std::size_t at, std::size_t begin, std::size_t end) const {
        if (is_word_character(characters_[at])) return true;
        return characters_[at] == '\'' && at > begin && at + 1 < end &&
               is_word_character(characters_[at + 1]);
    }

    /// Each a word of its own, if it has a name.
    void symbols(std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            if (const Readings readings = symbol_readings(characters_[i]); !readings.empty())
                add(i, i + 1, {readings});
    }

    void add(std::size_t begin, std::size_t end, std::vector<Readings> slots) {
        add_place(places_[begin], places_[end - 1] + 1, std::move(slots));
    }

    void add_place(std::size_t begin_char, std::size_t end_char, std::vector<Readings> slots) {
        TextWord word;
        word.begin_char = begin_char;
        word.end_char = end_char;
        word.written = text_.utf8(word.begin_char, word.end_char);
        word.slots = std::move(slots);
        words_.push_back(std::move(word));
    }

    void mark_optional() {
        constexpr std::size_t kMostWords = 8;  // more is a sentence in brackets
        for (const auto& [begin, end] : text_.optional) {
            const auto starts_before = [](const TextWord& word, std::size_t at) {
                return word.begin_char < at;
            };
            const auto first = std::lower_bound(words_.begin(), words_.end(), begin, starts_before);
            const auto last = std::lower_bound(first, words_.end(), end, starts_before);
            if (first == last || static_cast<std::size_t>(last - first) > kMostWords) continue;
            first->optional_until =
                std::max(first->optional_until, static_cast<std::size_t>(last - words_.begin()));
        }
    }

    void fill_shown() {
        std::size_t begin = 0;
        for (std::size_t k = 0; k < words_.size(); ++k) {
            const std::size_t next = k + 1 < words_.size() ? words_[k + 1].begin_char : text_.given.size();
            // Up to the last blank before the next word, else up to that.
            std::size_t end = next;
            while (end > words_[k].end_char && !u_isUWhiteSpace(static_cast<UChar32>(text_.given[end - 1])))
                --end;
            if (end == words_[k].end_char) end = next;
            for (std::size_t i = begin; i < end; ++i) {
                const char32_t c = text_.shown[i];
                if (c == PlainText::kSkipped) continue;
                const bool blank = u_isUWhiteSpace(static_cast<UChar32>(c)) || c < 0x20;
                if (!blank)
                    append_utf8(c, words_[k].shown);
                else if (!words_[k].shown.empty() && words_[k].shown.back() != ' ')
                    words_[k].shown += ' ';
            }
            begin = end;
        }
    }

    PlainText text_;
    std::vector<TextWord> words_;
    std::u32string characters_;        ///< of a chunk
    std::vector<std::size_t> places_;  ///< of these in the text
};

}  // namespace

std::vector<TextWord> text_words(std::string_view text, const std::string& language) {
    return TextReader(text).read(language);
}

}  // namespace vultus::pronunciation
