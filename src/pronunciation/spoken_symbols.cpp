#include "pronunciation/spoken_symbols.h"

#include <unicode/uchar.h>

#include <map>

#include "pronunciation/plain_text.h"

namespace vultus::pronunciation {

Readings optional(Readings readings) {
    readings.push_back({});
    return readings;
}

Readings unit_readings(const std::string& unit) {
    static const std::map<std::string, Readings> kUnits = {
        {"$", {{"dollars"}, {"dollar"}, {"bucks"}}},
        {"\xC2\xA3", {{"pounds"}, {"pound"}, {"quid"}}},
        {"\xE2\x82\xAC", {{"euros"}, {"euro"}}},
        {"\xC2\xA5", {{"yen"}, {"yuan"}}},
        {"\xE2\x82\xB9", {{"rupees"}, {"rupee"}}},
        {"%", {{"percent"}, {"per", "cent"}}},
        {"k", {{"thousand"}, {"k"}}},
        {"m", {{"million"}, {"m"}, {"meters"}, {"minutes"}}},
        {"b", {{"billion"}, {"b"}}},
        {"bn", {{"billion"}}},
        {"km", {{"kilometers"}, {"kilometer"}, {"k", "m"}}},
        {"cm", {{"centimeters"}, {"centimeter"}}},
        {"mm", {{"millimeters"}, {"millimeter"}}},
        {"kg", {{"kilograms"}, {"kilogram"}, {"kilos"}}},
        {"g", {{"grams"}, {"gram"}, {"g"}}},
        {"mb", {{"megabytes"}, {"megabyte"}, {"m", "b"}}},
        {"gb", {{"gigabytes"}, {"gigabyte"}, {"g", "b"}}},
        {"hz", {{"hertz"}}},
        {"khz", {{"kilohertz"}}},
        {"ms", {{"milliseconds"}, {"millisecond"}, {"m", "s"}}},
        {"s", {{"seconds"}, {"second"}, {"s"}}},
        {"h", {{"hours"}, {"hour"}, {"h"}}},
        {"min", {{"minutes"}, {"minute"}}},
        {"ft", {{"feet"}, {"foot"}}},
        {"lb", {{"pounds"}, {"pound"}}},
        {"mph", {{"miles", "per", "hour"}, {"m", "p", "h"}}},
        {"am", {{"a", "m"}}},
        {"pm", {{"p", "m"}}}};
    const auto found = kUnits.find(unit);
    return found == kUnits.end() ? Readings() : found->second;
}

Readings abbreviation_readings(const std::string& word, bool dot) {
    static const std::map<std::string, Readings> kAlways = {
        {"mr", {{"mister"}}},
        {"mrs", {{"missus"}, {"mrs"}}},
        {"ms", {{"ms"}, {"miss"}}},
        {"dr", {{"doctor"}, {"drive"}}},
        {"vs", {{"versus"}, {"v", "s"}}},
        {"etc", {{"et", "cetera"}, {"etcetera"}}},
        {"e.g", {{"for", "example"}, {"e", "g"}, {"for", "instance"}}},
        {"i.e", {{"that", "is"}, {"i", "e"}}},
        {"eg", {{"for", "example"}, {"e", "g"}}},
        {"ie", {{"that", "is"}, {"i", "e"}}}};
    static const std::map<std::string, Readings> kWithDot = {{"st", {{"saint"}, {"street"}}},
                                                             {"prof", {{"professor"}}},
                                                             {"no", {{"number"}, {"no"}}},
                                                             {"jr", {{"junior"}}},
                                                             {"sr", {{"senior"}}},
                                                             {"dept", {{"department"}}},
                                                             {"gov", {{"governor"}}},
                                                             {"gen", {{"general"}}},
                                                             {"rev", {{"reverend"}}},
                                                             {"ave", {{"avenue"}}},
                                                             {"blvd", {{"boulevard"}}},
                                                             {"rd", {{"road"}}},
                                                             {"mt", {{"mount"}}},
                                                             {"approx", {{"approximately"}}},
                                                             {"inc", {{"incorporated"}, {"inc"}}},
                                                             {"co", {{"company"}, {"co"}}},
                                                             {"ltd", {{"limited"}}},
                                                             {"capt", {{"captain"}}},
                                                             {"sgt", {{"sergeant"}}},
                                                             {"jan", {{"january"}}},
                                                             {"feb", {{"february"}}},
                                                             {"mar", {{"march"}, {"mar"}}},
                                                             {"apr", {{"april"}}},
                                                             {"jun", {{"june"}}},
                                                             {"jul", {{"july"}}},
                                                             {"aug", {{"august"}}},
                                                             {"sept", {{"september"}}},
                                                             {"sep", {{"september"}}},
                                                             {"oct", {{"october"}}},
                                                             {"nov", {{"november"}}},
                                                             {"dec", {{"december"}}},
                                                             {"mon", {{"monday"}}},
                                                             {"tue", {{"tuesday"}}},
                                                             {"wed", {{"wednesday"}, {"wed"}}},
                                                             {"thu", {{"thursday"}}},
                                                             {"fri", {{"friday"}}},
                                                             {"sat", {{"saturday"}, {"sat"}}},
                                                             {"sun", {{"sunday"}, {"sun"}}}};
    if (const auto found = kAlways.find(word); found != kAlways.end()) return found->second;
    const auto found = dot ? kWithDot.find(word) : kWithDot.end();
    return found == kWithDot.end() ? Readings() : found->second;
}

bool is_currency(char32_t character) {
    return U_GET_GC_MASK(static_cast<UChar32>(character)) == U_GC_SC_MASK;
}

Readings symbol_readings(char32_t symbol) {
    switch (symbol) {
        case '&':
            return {{"and"}, {}};
        case '+':
            return {{"plus"}, {"and"}, {}};
        case '=':
            return {{"equals"}, {"is"}, {"equal"}, {}};
        case '@':
            return {{"at"}, {}};
        case '/':
            return {{}, {"slash"}, {"or"}, {"and"}, {"per"}};
        case '_':
            return {{}, {"underscore"}};
        case '%':
            return {{"percent"}, {"per", "cent"}, {}};
        case '#':
            return {{}, {"number"}, {"hash"}, {"hashtag"}, {"pound"}, {"sharp"}};
        case '*':
            return {{}, {"star"}, {"asterisk"}, {"times"}};
        case '~':
            return {{}, {"about"}, {"approximately"}, {"tilde"}};
        case '\\':
            return {{}, {"backslash"}};
        case '<':
            return {{}, {"less", "than"}};
        case '>':
            return {{}, {"greater", "than"}};
        case 0x00D7:
            return {{"times"}, {"by"}, {"x"}, {}};
        case 0x00B0:
            return {{"degrees"}, {"degree"}, {}};
        case 0x00BD:
            return {{"half"}, {"a", "half"}, {"one", "half"}, {"and", "a", "half"}};
        case 0x00BC:
            return {{"quarter"}, {"a", "quarter"}, {"one", "quarter"}, {"and", "a", "quarter"}};
        case 0x00BE:
            return {{"three", "quarters"}, {"and", "three", "quarters"}};
        case 0x00B2:
            return {{"squared"}, {"two"}, {}};
        case 0x00B3:
            return {{"cubed"}, {"three"}, {}};
        default:
            return is_currency(symbol) ? optional(unit_readings([&] {
                std::string text;
                append_utf8(symbol, text);
                return text;
            }()))
                                       : Readings();
    }
}

}  // namespace vultus::pronunciation
