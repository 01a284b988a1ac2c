// What phones and visemes are called elsewhere.
#include <algorithm>
#include <cctype>
#include <map>

#include "audio/phones.h"
#include "transcription/given_times.h"

namespace vultus::transcription {
namespace {

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

bool is_silence(const std::string& label) {
    static const std::vector<std::string> kSilences = {
        "",   "SIL",  "SP",   "SPN",     "PAU",   "PAUSE", "<EPS>", "_",   "#",    "_:",
        "H#", "BRTH", "SSIL", "SILENCE", "<SIL>", "^",     "$",     "NSN", "<P:>", "BR"};
    return std::find(kSilences.begin(), kSilences.end(), upper(label)) != kSilences.end();
}

}  // namespace

std::vector<int> phones_of_label(const std::string& label) {
    if (is_silence(label)) return {audio::kSilence};
    std::string name = upper(label);
    // Kaldi's places in the word: HH_B, AH0_I.
    if (name.size() > 2 && name[name.size() - 2] == '_') name.resize(name.size() - 2);
    // In lower case, one letter is IPA's: "e" is no letter of ARPABET, "b" is the same in both.
    if (const int phone = audio::phone_from_cmudict(name); phone >= 0) return {phone};
    if (name.size() > 1)
        if (const int phone = audio::phones_from_timit({name})[0]; phone >= 0) return {phone};
    std::vector<int> phones = audio::phones_from_ipa(label);
    std::erase_if(phones, [](int phone) { return phone < 0; });
    return phones;
}

int phone_of_viseme(const std::string& viseme) {
    // Azure's 22, by the mouth's shape.
    static constexpr const char* kAzure[] = {"SIL", "AE", "AA", "AO", "EH", "ER", "IY", "UW",
                                             "OW",  "AW", "OY", "AY", "HH", "R",  "L",  "S",
                                             "SH",  "DH", "F",  "D",  "K",  "P"};
    // OVR's in Vultus' spelling and in that of others; Polly's.
    static const std::map<std::string, const char*> kNames = {
        {"sil", "SIL"}, {"PP", "P"},  {"FF", "F"},  {"TH", "TH"}, {"DD", "T"}, {"kk", "K"}, {"CH", "CH"},
        {"SS", "S"},    {"nn", "N"},  {"RR", "R"},  {"aa", "AA"}, {"E", "EH"}, {"I", "IH"}, {"O", "OW"},
        {"U", "UW"},    {"ih", "IH"}, {"oh", "OW"}, {"ou", "UW"}, {"p", "P"},  {"t", "T"},  {"S", "SH"},
        {"T", "TH"},    {"f", "F"},   {"k", "K"},   {"i", "IY"},  {"r", "R"},  {"s", "S"},  {"u", "UW"},
        {"@", "AH"},    {"a", "AA"},  {"e", "EY"},  {"o", "OW"}};
    const bool number =
        !viseme.empty() && viseme.size() < 3 &&
        std::all_of(viseme.begin(), viseme.end(), [](unsigned char c) { return std::isdigit(c); });
    if (number) {
        const int id = std::stoi(viseme);
        return id < 22 ? audio::phone_from_name(kAzure[id]) : -1;
    }
    const std::string name = viseme.starts_with("viseme_") ? viseme.substr(7) : viseme;
    const auto found = kNames.find(name);
    return found == kNames.end() ? -1 : audio::phone_from_name(found->second);
}

}  // namespace vultus::transcription
