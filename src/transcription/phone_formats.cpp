#include "transcription/phone_formats.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "audio/phones.h"
#include "base/error.h"
#include "transcription/caption_formats.h"
#include "transcription/rhubarb_formats.h"

namespace vultus::transcription {
namespace {

using Json = nlohmann::ordered_json;

std::string_view viseme_of_phone(int phone) { return audio::viseme_name(audio::viseme_of(phone)); }

/// The word that a phone belongs to; null in pauses.
const alignment::WordSegment* word_at(const alignment::PhoneTimes& times,
                                      const alignment::PhoneSegment& phone) {
    const double middle_s = (phone.start_s + phone.end_s) / 2;
    const auto after =
        std::partition_point(times.words.begin(), times.words.end(),
                             [&](const alignment::WordSegment& word) { return word.start_s <= middle_s; });
    return after != times.words.begin() && middle_s < after[-1].end_s ? &after[-1] : nullptr;
}

std::string name_of(const alignment::WordSegment* word) { return word ? word->word : std::string(); }

std::string text(const alignment::PhoneTimes& times) {
    std::string result;
    const alignment::WordSegment* before = nullptr;
    for (const alignment::PhoneSegment& phone : times.phones) {
        const alignment::WordSegment* word = word_at(times, phone);
        result += fmt::format("{:9.3f} {:9.3f}  {:<4} {:<4} {}", phone.start_s, phone.end_s,
                              audio::phone_name(phone.phone), viseme_of_phone(phone.phone),
                              word == before ? "" : name_of(word));
        result.erase(result.find_last_not_of(' ') + 1);
        result += '\n';
        before = word;
    }
    return result;
}

std::string tsv(const alignment::PhoneTimes& times) {
    std::string result = "start\tend\tphone\tviseme\tword\n";
    for (const alignment::PhoneSegment& phone : times.phones)
        result += fmt::format("{:.3f}\t{:.3f}\t{}\t{}\t{}\n", phone.start_s, phone.end_s,
                              audio::phone_name(phone.phone), viseme_of_phone(phone.phone),
                              name_of(word_at(times, phone)));
    return result;
}

double milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

Json json_of(const alignment::PhoneSegment& phone) {
    return {{"start", milliseconds(phone.start_s)},
            {"end", milliseconds(phone.end_s)},
            {"phone", audio::phone_name(phone.phone)},
            {"viseme", viseme_of_phone(phone.phone)}};
}

std::string dumped(const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Where text and sound part.
void add_differences(const alignment::PhoneTimes& times, Json& result) {
    for (const alignment::UnsaidWord& word : times.unsaid)
        result["unsaid"].push_back({{"at", milliseconds(word.at_s)},
                                    {"word", word.word},
                                    {"text_start", word.begin_char},
                                    {"text_end", word.end_char},
                                    {"sure", milliseconds(word.sure)}});
    for (const alignment::TextGap& gap : times.gaps)
        result["gaps"].push_back({{"start", milliseconds(gap.start_s)},
                                  {"end", milliseconds(gap.end_s)},
                                  {"sure", milliseconds(gap.sure)}});
}

std::string json(const alignment::PhoneTimes& times) {
    Json result{{"duration", milliseconds(times.duration_s)}};
    if (!times.language.empty()) result["language"] = times.language;
    result["phones"] = Json::array();
    for (const alignment::PhoneSegment& phone : times.phones) result["phones"].push_back(json_of(phone));
    if (times.words.empty()) return dumped(result);
    std::vector<Json> phones(times.words.size(), Json::array());
    for (const alignment::PhoneSegment& phone : times.phones)
        if (const alignment::WordSegment* word = word_at(times, phone))
            phones[static_cast<std::size_t>(word - times.words.data())].push_back(json_of(phone));
    result["words"] = Json::array();
    for (const alignment::WordSegment& word : times.words) {
        Json entry{{"start", milliseconds(word.start_s)},
                   {"end", milliseconds(word.end_s)},
                   {"word", word.word},
                   {"fit", milliseconds(word.fit)}};
        if (word.index >= 0) {
            entry["sure"] = milliseconds(std::exp(std::min(word.fit, 0.0)));
            entry["text_start"] = word.begin_char;
            entry["text_end"] = word.end_char;
        }
        entry["phones"] = std::move(phones[result["words"].size()]);
        result["words"].push_back(std::move(entry));
    }
    add_differences(times, result);
    return dumped(result);
}

struct Interval {
    double start_s, end_s;
    std::string text;
};

/// Praat wants tiers without gaps and quotes doubled.
std::string tier(int number, const char* name, const std::vector<Interval>& intervals, double duration_s) {
    std::string result = fmt::format(
        "    item [{}]:\n        class = \"IntervalTier\" \n        name = \"{}\" \n        xmin = 0 \n"
        "        xmax = {} \n        intervals: size = {} \n",
        number, name, duration_s, intervals.size());
    for (std::size_t i = 0; i < intervals.size(); ++i) {
        std::string quoted;
        for (const char c : intervals[i].text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
        result += fmt::format(
            "        intervals [{}]:\n            xmin = {} \n            xmax = {} \n            text = "
            "\"{}\" \n",
            i + 1, intervals[i].start_s, intervals[i].end_s, quoted);
    }
    return result;
}

std::vector<Interval> word_intervals(const alignment::PhoneTimes& times) {
    std::vector<Interval> intervals;
    double at_s = 0;
    for (const alignment::WordSegment& word : times.words) {
        if (word.start_s > at_s) intervals.push_back({at_s, word.start_s, ""});
        intervals.push_back({word.start_s, word.end_s, word.word});
        at_s = word.end_s;
    }
    if (at_s < times.duration_s) intervals.push_back({at_s, times.duration_s, ""});
    return intervals;
}

std::string text_grid(const alignment::PhoneTimes& times) {
    std::vector<Interval> phones, visemes;
    for (const alignment::PhoneSegment& phone : times.phones) {
        phones.push_back({phone.start_s, phone.end_s, std::string(audio::phone_name(phone.phone))});
        const std::string viseme(viseme_of_phone(phone.phone));
        if (!visemes.empty() && visemes.back().text == viseme)
            visemes.back().end_s = phone.end_s;
        else
            visemes.push_back({phone.start_s, phone.end_s, viseme});
    }
    const bool words = !times.words.empty();
    std::string result = fmt::format(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0 \nxmax = {} \n"
        "tiers? <exists> \nsize = {} \nitem []: \n",
        times.duration_s, words ? 3 : 2);
    int number = 0;
    if (words) result += tier(++number, "words", word_intervals(times), times.duration_s);
    result += tier(++number, "phones", phones, times.duration_s);
    return result + tier(++number, "visemes", visemes, times.duration_s);
}

}  // namespace

const std::vector<std::pair<std::string, PhoneFormat>>& phone_formats() {
    static const std::vector<std::pair<std::string, PhoneFormat>> names = {
        {"text", PhoneFormat::kText},
        {"tsv", PhoneFormat::kTsv},
        {"json", PhoneFormat::kJson},
        {"textgrid", PhoneFormat::kTextGrid},
        {"rhubarb-tsv", PhoneFormat::kRhubarbTsv},
        {"rhubarb-xml", PhoneFormat::kRhubarbXml},
        {"rhubarb-json", PhoneFormat::kRhubarbJson},
        {"dat", PhoneFormat::kDat},
        {"srt", PhoneFormat::kSrt},
        {"vtt", PhoneFormat::kVtt},
        {"ass", PhoneFormat::kAss}};
    return names;
}

PhoneFormat phone_format_named(const std::string& name) {
    for (const auto& [known, format] : phone_formats())
        if (known == name) return format;
    fail(ErrorCode::kInvalidArgument,
         "[phones] format: expected text, json or another of `vultus phones`, got {}", name);
}

std::string format_phones(const alignment::PhoneTimes& times, PhoneFormat format,
                          const PhoneFormatOptions& options) {
    switch (format) {
        case PhoneFormat::kText:
            return text(times);
        case PhoneFormat::kTsv:
            return tsv(times);
        case PhoneFormat::kJson:
            return json(times);
        case PhoneFormat::kTextGrid:
            return text_grid(times);
        case PhoneFormat::kRhubarbTsv:
            return rhubarb_tsv(times, options);
        case PhoneFormat::kRhubarbXml:
            return rhubarb_xml(times, options);
        case PhoneFormat::kRhubarbJson:
            return rhubarb_json(times, options);
        case PhoneFormat::kDat:
            return moho_dat(times, options);
        case PhoneFormat::kSrt:
            return srt(times);
        case PhoneFormat::kVtt:
            return vtt(times);
        case PhoneFormat::kAss:
            return ass(times);
    }
    fail(ErrorCode::kInvalidArgument, "[transcription] phone format: expected a known one, got {}",
         static_cast<int>(format));
}

}  // namespace vultus::transcription
