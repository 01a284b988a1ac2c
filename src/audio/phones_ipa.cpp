// IPA to the 40 phones.
#include <algorithm>
#include <cctype>

#include "audio/phones.h"

namespace vultus::audio {
namespace {

struct Symbol {
    std::string_view ipa, phones;  ///< phones: names with a space between; empty: nothing to articulate
};

// Longer symbols first where one begins with another; the search takes the longest that fits.
// Rounded front vowels go by their lips, back fricatives by their tongue.
constexpr Symbol kSymbols[] = {
    // diphthongs
    {"aɪ", "AY"},
    {"ai", "AY"},
    {"ɑɪ", "AY"},
    {"ʌɪ", "AY"},
    {"aj", "AY"},
    {"ɑi", "AY"},
    {"äɪ", "AY"},
    {"eɪ", "EY"},
    {"ei", "EY"},
    {"ɛɪ", "EY"},
    {"ɛi", "EY"},
    {"æɪ", "EY"},
    {"ej", "EY"},
    {"ɔɪ", "OY"},
    {"ɔi", "OY"},
    {"oi", "OY"},
    {"oɪ", "OY"},
    {"ɔø", "OY"},
    {"ɔʏ", "OY"},
    {"ɔy", "OY"},
    {"aʊ", "AW"},
    {"au", "AW"},
    {"ɑʊ", "AW"},
    {"ɑu", "AW"},
    {"æʊ", "AW"},
    {"aw", "AW"},
    {"oʊ", "OW"},
    {"ou", "OW"},
    {"əʊ", "OW"},
    {"ɔʊ", "OW"},
    {"ɔu", "OW"},
    {"ɐʊ", "OW"},
    {"əu", "OW"},
    // vowels
    {"i", "IY"},
    {"ɪ", "IH"},
    {"ᵻ", "IH"},
    {"ɨ", "IH"},
    {"ɯ", "IH"},
    {"ɘ", "IH"},
    {"ɿ", "IH"},
    {"ʅ", "IH"},
    {"y", "UW"},
    {"ʏ", "UH"},
    {"ʉ", "UW"},
    {"u", "UW"},
    {"ʊ", "UH"},
    {"ᵿ", "UH"},
    {"ɵ", "UH"},
    {"eː", "EY"},
    {"e", "EH"},
    {"ɛ", "EH"},
    {"øː", "UH"},
    {"ø", "UH"},
    {"œ", "UH"},
    {"ɶ", "AE"},
    {"ə", "AH"},
    {"ɐ", "AH"},
    {"ʌ", "AH"},
    {"ɤ", "AH"},
    {"ɜː", "ER"},
    {"ɜ", "AH"},
    {"əɹ", "ER"},
    {"oːɹ", "AO R"},
    {"oɹ", "AO R"},
    {"ɝ", "ER"},
    {"ɚ", "ER"},
    {"ɞ", "ER"},
    {"æ", "AE"},
    {"a", "AA"},
    {"ä", "AA"},
    {"ɑ", "AA"},
    {"ɒ", "AO"},
    {"ɔ", "AO"},
    {"o", "OW"},
    // affricates
    {"tʃ", "CH"},
    {"tɕ", "CH"},
    {"ʈʂ", "CH"},
    {"tʂ", "CH"},
    {"ʧ", "CH"},
    {"cç", "CH"},
    {"t͡ʃ", "CH"},
    {"t͡ɕ", "CH"},
    {"dʒ", "JH"},
    {"dʑ", "JH"},
    {"ɖʐ", "JH"},
    {"dʐ", "JH"},
    {"ʤ", "JH"},
    {"ɟʝ", "JH"},
    {"d͡ʒ", "JH"},
    {"d͡ʑ", "JH"},
    {"t͡s", "T S"},
    {"ʦ", "T S"},
    {"d͡z", "D Z"},
    {"ʣ", "D Z"},
    {"p͡f", "P F"},
    // espeak-ng\'s Mandarin: retroflex with a dot, aspiration as h
    {"ts.h", "CH"},
    {"ts.", "CH"},
    {"s.", "SH"},
    {"z.", "ZH"},
    {"tɕh", "CH"},
    {"tsh", "T S"},
    {"ph", "P"},
    {"th", "T"},
    {"kh", "K"},
    // stops and nasals
    {"p", "P"},
    {"b", "B"},
    {"ɓ", "B"},
    {"t", "T"},
    {"ʈ", "T"},
    {"d", "D"},
    {"ɖ", "D"},
    {"ɗ", "D"},
    {"ɾ", "D"},
    {"k", "K"},
    {"q", "K"},
    {"c", "K"},
    {"g", "G"},
    {"ɡ", "G"},
    {"ɢ", "G"},
    {"ɟ", "G"},
    {"ɠ", "G"},
    {"ʔ", ""},
    {"m", "M"},
    {"ɱ", "M"},
    {"n", "N"},
    {"ɳ", "N"},
    {"ɲ", "N"},
    {"ŋ", "NG"},
    {"ɴ", "NG"},
    // fricatives
    {"f", "F"},
    {"ɸ", "F"},
    {"v", "V"},
    {"ʋ", "V"},
    {"β", "V"},
    {"θ", "TH"},
    {"ð", "DH"},
    {"s", "S"},
    {"z", "Z"},
    {"ʃ", "SH"},
    {"ʂ", "SH"},
    {"ɕ", "SH"},
    {"ɧ", "SH"},
    {"ʒ", "ZH"},
    {"ʐ", "ZH"},
    {"ʑ", "ZH"},
    {"ç", "HH"},
    {"x", "HH"},
    {"χ", "HH"},
    {"ɣ", "HH"},
    {"ħ", "HH"},
    {"ʕ", "HH"},
    {"h", "HH"},
    {"ɦ", "HH"},
    {"ʁ", "HH"},
    {"ʀ", "HH"},
    {"ɬ", "L"},
    {"ɮ", "L"},
    // approximants
    {"l", "L"},
    {"ɫ", "L"},
    {"ɭ", "L"},
    {"ʎ", "L"},
    {"ʟ", "L"},
    {"r", "R"},
    {"ɹ", "R"},
    {"ɻ", "R"},
    {"ɽ", "R"},
    {"ɺ", "R"},
    {"ʙ", "B"},
    {"j", "Y"},
    {"ʝ", "Y"},
    {"ʲ", ""},
    {"ɥ", "W"},
    {"w", "W"},
    {"ʍ", "W"},
    {"ɰ", "G"},
};

// Length, stress, tones, ties, aspiration and other marks; what lies in U+0300..U+036F is one, too.
constexpr std::string_view kMarks[] = {"ː", "ˑ", "ˈ", "ˌ", "ʰ", "ʱ", "ʷ", "ˠ", "ˤ", "ˀ", "ʼ", "˞", "ⁿ",
                                       "ˡ", "˥", "˦", "˧", "˨", "˩", "↑", "↓", "ꜛ", "ꜜ", "↗", "↘", "'"};

std::size_t character_bytes(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    return std::min(bytes, text.size());
}

bool is_mark(std::string_view text, std::size_t bytes) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80 && !std::isalpha(first)) return true;  // digits of tones, "_:", "|", blanks
    if (bytes == 2 && (first == 0xCC || (first == 0xCD && static_cast<unsigned char>(text[1]) < 0xB0)))
        return true;
    return std::find(std::begin(kMarks), std::end(kMarks), text.substr(0, bytes)) != std::end(kMarks);
}

const Symbol* longest(std::string_view text) {
    const Symbol* best = nullptr;
    for (const Symbol& symbol : kSymbols)
        if (text.starts_with(symbol.ipa) && (best == nullptr || symbol.ipa.size() > best->ipa.size()))
            best = &symbol;
    return best;
}

void append(std::string_view names, std::vector<int>& phones) {
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        phones.push_back(phone_from_name(names.substr(0, end)));
        names.remove_prefix(std::min(end + 1, names.size()));
    }
}

}  // namespace

std::vector<int> phones_from_ipa(std::string_view ipa) {
    std::vector<int> phones;
    bool unknown = false;
    while (!ipa.empty()) {
        if (const Symbol* symbol = longest(ipa)) {
            append(symbol->phones, phones);
            ipa.remove_prefix(symbol->ipa.size());
            continue;
        }
        const std::size_t bytes = character_bytes(ipa);
        unknown = unknown || !is_mark(ipa, bytes);
        ipa.remove_prefix(bytes);
    }
    if (phones.empty() && unknown) phones.push_back(kUnknownPhone);
    return phones;
}

}  // namespace vultus::audio
