#include "audio/phones.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "base/error.h"

namespace vultus::audio {
namespace {

struct PhoneInfo {
    std::string_view name;
    int viseme;
    char shape;      ///< of Rhubarb
    char end_shape;  ///< of a diphthong's last part
    double open_s;   ///< from this duration on ...
    char open;       ///< ... the first shape is this one; 0: never
    bool vowel;
};

enum Viseme { SIL, PP, FF, TH, DD, KK, CH, SS, NN, RR, AA, E, I, O, U };

constexpr std::array<std::string_view, kNumVisemes> kVisemeNames = {
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"};

// Where Rhubarb allows several shapes, the one that differs least from its neighbours: B.
constexpr std::array<PhoneInfo, kNumPhones> kPhones = {{
    {"SIL", SIL, 'X', 'X', 0, 0, false},   {"AA", AA, 'D', 'D', 0, 0, true},
    {"AE", AA, 'C', 'C', 0, 0, true},      {"AH", AA, 'C', 'C', 0.2, 'D', true},
    {"AO", O, 'E', 'E', 0, 0, true},       {"AW", AA, 'C', 'E', 0.3, 'D', true},
    {"AY", AA, 'C', 'B', 0.2, 'D', true},  {"B", PP, 'A', 'A', 0, 0, false},
    {"CH", CH, 'B', 'B', 0, 0, false},     {"D", DD, 'B', 'B', 0, 0, false},
    {"DH", TH, 'B', 'B', 0, 0, false},     {"EH", E, 'C', 'C', 0, 0, true},
    {"ER", RR, 'B', 'B', 0.07, 'E', true}, {"EY", E, 'C', 'B', 0, 0, true},
    {"F", FF, 'G', 'G', 0, 0, false},      {"G", KK, 'B', 'B', 0, 0, false},
    {"HH", KK, 'C', 'C', 0, 0, false},     {"IH", I, 'B', 'B', 0, 0, true},
    {"IY", I, 'B', 'B', 0, 0, true},       {"JH", CH, 'B', 'B', 0, 0, false},
    {"K", KK, 'B', 'B', 0, 0, false},      {"L", NN, 'H', 'H', 0, 0, false},
    {"M", PP, 'A', 'A', 0, 0, false},      {"N", NN, 'B', 'B', 0, 0, false},
    {"NG", KK, 'B', 'B', 0, 0, false},     {"OW", O, 'E', 'F', 0, 0, true},
    {"OY", O, 'E', 'B', 0, 0, true},       {"P", PP, 'A', 'A', 0, 0, false},
    {"R", RR, 'E', 'E', 0, 0, false},      {"S", SS, 'B', 'B', 0, 0, false},
    {"SH", CH, 'F', 'F', 0, 0, false},     {"T", DD, 'B', 'B', 0, 0, false},
    {"TH", TH, 'B', 'B', 0, 0, false},     {"UH", U, 'F', 'F', 0, 0, true},
    {"UW", U, 'F', 'F', 0, 0, true},       {"V", FF, 'G', 'G', 0, 0, false},
    {"W", U, 'F', 'F', 0, 0, false},       {"Y", I, 'B', 'B', 0, 0, false},
    {"Z", SS, 'B', 'B', 0, 0, false},      {"ZH", CH, 'F', 'F', 0, 0, false},
}};

const PhoneInfo& info(int phone) {
    if (phone < 0 || phone >= kNumPhones)
        fail(ErrorCode::kInvalidArgument, "[audio] phone: expected 0 to {}, got {}", kNumPhones - 1, phone);
    return kPhones[static_cast<std::size_t>(phone)];
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return result;
}

using Names = std::pair<std::string_view, std::string_view>;

int renamed(const std::string& name, const Names* begin, const Names* end) {
    const Names* found = std::find_if(begin, end, [&](const Names& pair) { return pair.first == name; });
    return phone_from_name(found == end ? std::string_view(name) : found->second);
}

// Lee and Hon's folding, except that closures stay with their stops and ZH keeps its name.
constexpr Names kTimit[] = {{"AX", "AH"},   {"AX-H", "AH"}, {"AXR", "ER"}, {"IX", "IH"},  {"UX", "UW"},
                            {"EL", "L"},    {"EM", "M"},    {"EN", "N"},   {"ENG", "NG"}, {"NX", "N"},
                            {"DX", "D"},    {"HV", "HH"},   {"BCL", "B"},  {"DCL", "D"},  {"GCL", "G"},
                            {"PCL", "P"},   {"TCL", "T"},   {"KCL", "K"},  {"H#", "SIL"}, {"PAU", "SIL"},
                            {"EPI", "SIL"}, {"SP", "SIL"},  {"SPN", "SIL"}};
constexpr Names kRadio[] = {{"AX", "AH"},    {"AXR", "ER"},   {"EL", "L"},  {"EM", "M"},    {"EN", "N"},
                            {"NX", "N"},     {"DX", "D"},     {"HV", "HH"}, {"PAU", "SIL"}, {"H#", "SIL"},
                            {"BRTH", "SIL"}, {"SSIL", "SIL"}, {"#", "SIL"}};

bool is_stop(int phone) {
    for (const char* name : {"B", "D", "G", "P", "T", "K", "CH", "JH"})
        if (phone == phone_from_name(name)) return true;
    return false;
}

bool is_voiced_stop(int phone) {
    for (const char* name : {"B", "D", "G", "JH"})
        if (phone == phone_from_name(name)) return true;
    return false;
}

int timit_closure(const std::string& name, int next) {
    if (name == "DCL" && next == phone_from_name("JH")) return next;
    if (name == "TCL" && next == phone_from_name("CH")) return next;
    if (name != "CL" && name != "VCL") return renamed(name, std::begin(kTimit), std::end(kTimit));
    return next >= 0 && is_stop(next) && is_voiced_stop(next) == (name == "VCL") ? next : kUnknownPhone;
}

}  // namespace

std::string_view phone_name(int phone) { return info(phone).name; }

int phone_from_name(std::string_view name) {
    for (int phone = 0; phone < kNumPhones; ++phone)
        if (kPhones[static_cast<std::size_t>(phone)].name == name) return phone;
    return kUnknownPhone;
}

bool is_vowel(int phone) { return info(phone).vowel; }

bool is_bilabial(int phone) { return info(phone).viseme == PP; }

int viseme_of(int phone) { return info(phone).viseme; }

std::string_view viseme_name(int viseme) {
    if (viseme < 0 || viseme >= kNumVisemes)
        fail(ErrorCode::kInvalidArgument, "[audio] viseme: expected 0 to {}, got {}", kNumVisemes - 1,
             viseme);
    return kVisemeNames[static_cast<std::size_t>(viseme)];
}

char rhubarb_shape(int phone, double duration_s) {
    const PhoneInfo& entry = info(phone);
    return entry.open != 0 && duration_s >= entry.open_s ? entry.open : entry.shape;
}

char rhubarb_end_shape(int phone, double duration_s) {
    const PhoneInfo& entry = info(phone);
    return entry.end_shape != entry.shape ? entry.end_shape : rhubarb_shape(phone, duration_s);
}

int phone_from_cmudict(std::string_view name) {
    if (!name.empty() && name.back() >= '0' && name.back() <= '2') name.remove_suffix(1);
    return phone_from_name(name);
}

int phone_from_radio(std::string_view name) {
    return renamed(upper(name), std::begin(kRadio), std::end(kRadio));
}

std::vector<int> phones_from_timit(const std::vector<std::string_view>& names) {
    std::vector<int> phones(names.size(), kUnknownPhone);
    int next = kUnknownPhone;
    for (std::size_t i = names.size(); i-- > 0;) {
        const std::string name = upper(names[i]);
        const bool closure = name.size() >= 2 && name.ends_with("CL");
        phones[i] = closure ? timit_closure(name, next) : renamed(name, std::begin(kTimit), std::end(kTimit));
        next = phones[i];
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        if (upper(names[i]) == "Q") phones[i] = i == 0 ? kSilence : phones[i - 1];
    return phones;
}

}  // namespace vultus::audio
