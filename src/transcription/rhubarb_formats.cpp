#include "transcription/rhubarb_formats.h"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "audio/phones.h"
#include "base/error.h"
#include "transcription/held_shapes.h"

namespace vultus::transcription {
namespace {

constexpr double kShortPauseS = 0.12;
constexpr double kFirstPartOfDiphthong = 0.6;

int hundredths(double seconds) { return static_cast<int>(std::lround(seconds * 100)); }

std::string seconds(int cs) { return fmt::format("{}.{:02}", cs / 100, cs % 100); }

/// What stands for a shape that the artist has not drawn.
char drawn(char shape, const std::string& extended_shapes) {
    if (shape < 'G' || extended_shapes.find(shape) != std::string::npos) return shape;
    return shape == 'H' ? 'C' : 'A';
}

void add(int start_cs, int end_cs, char shape, std::vector<MouthCue>& cues) {
    if (end_cs <= start_cs) return;
    if (!cues.empty() && cues.back().shape == shape)
        cues.back().end_cs = end_cs;
    else
        cues.push_back({start_cs, end_cs, shape});
}

/// Rhubarb writes one cue of no length when there is nothing.
std::vector<MouthCue> at_least_one(std::vector<MouthCue> cues, const PhoneFormatOptions& options) {
    if (cues.empty()) cues.push_back({0, 0, drawn('X', options.extended_shapes)});
    return cues;
}

std::string xml_escaped(const std::string& text) {
    std::string result;
    for (const char c : text) switch (c) {
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '&':
                result += "&amp;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\'':
                result += "&apos;";
                break;
            default:
                // XML has no way to write these.
                result += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' ? '?' : c;
        }
    return result;
}

/// The absolute path as a JSON string, bytes that are no UTF-8 replaced; sound without a file has none.
std::string json_path(const std::string& sound_file) {
    std::error_code failed;
    return nlohmann::json(std::filesystem::absolute(sound_file, failed).string())
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string moho_name(char shape, bool preston_blair) {
    if (!preston_blair) return std::string(1, shape);
    constexpr const char* kNames[] = {"MBP", "etc", "E", "AI", "O", "U", "FV", "L"};
    return shape == 'X' ? "rest" : kNames[shape - 'A'];
}

}  // namespace

std::vector<MouthCue> mouth_cues(const alignment::PhoneTimes& times, const std::string& extended_shapes) {
    for (const char shape : extended_shapes)
        if (shape != 'G' && shape != 'H' && shape != 'X')
            fail(ErrorCode::kInvalidArgument,
                 "[transcription] extended mouth shapes: expected some of GHX, got '{}'", extended_shapes);
    std::vector<MouthCue> cues;
    for (const alignment::PhoneSegment& phone : times.phones) {
        const double duration_s = phone.end_s - phone.start_s;
        const int start = hundredths(phone.start_s), end = hundredths(phone.end_s);
        const bool short_pause = phone.phone == audio::kSilence && duration_s < kShortPauseS &&
                                 !cues.empty() && end < hundredths(times.duration_s);
        if (short_pause) {
            add(start, end, cues.back().shape, cues);
            continue;
        }
        const char first = audio::rhubarb_shape(phone.phone, duration_s);
        const char last = audio::rhubarb_end_shape(phone.phone, duration_s);
        const int change =
            first == last ? end : start + static_cast<int>((end - start) * kFirstPartOfDiphthong);
        add(start, change, first, cues);
        add(change, end, last, cues);
    }
    std::vector<MouthCue> shapes;
    for (const MouthCue& cue : held_shapes(cues))
        add(cue.start_cs, cue.end_cs, drawn(cue.shape, extended_shapes), shapes);
    return shapes;
}

std::string rhubarb_tsv(const alignment::PhoneTimes& times, const PhoneFormatOptions& options) {
    std::string result;
    for (const MouthCue& cue : mouth_cues(times, options.extended_shapes))
        result += fmt::format("{}\t{}\n", seconds(cue.start_cs), cue.shape);
    return result + fmt::format("{}\t{}\n", seconds(hundredths(times.duration_s)),
                                drawn('X', options.extended_shapes));
}

std::string rhubarb_xml(const alignment::PhoneTimes& times, const PhoneFormatOptions& options) {
    std::string result = fmt::format(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rhubarbResult>\n  <metadata>\n"
        "    <soundFile>{}</soundFile>\n    <duration>{}</duration>\n  </metadata>\n  <mouthCues>\n",
        xml_escaped(nlohmann::json::parse(json_path(options.sound_file)).get<std::string>()),
        seconds(hundredths(times.duration_s)));
    for (const MouthCue& cue : at_least_one(mouth_cues(times, options.extended_shapes), options))
        result += fmt::format("    <mouthCue start=\"{}\" end=\"{}\">{}</mouthCue>\n", seconds(cue.start_cs),
                              seconds(cue.end_cs), cue.shape);
    return result + "  </mouthCues>\n</rhubarbResult>\n";
}

std::string rhubarb_json(const alignment::PhoneTimes& times, const PhoneFormatOptions& options) {
    const std::string file = json_path(options.sound_file);
    std::string result = fmt::format(
        "{{\n  \"metadata\": {{\n    \"soundFile\": {},\n    \"duration\": {}\n  }},\n  \"mouthCues\": [\n",
        file, seconds(hundredths(times.duration_s)));
    bool first = true;
    for (const MouthCue& cue : at_least_one(mouth_cues(times, options.extended_shapes), options)) {
        result += fmt::format("{}    {{ \"start\": {}, \"end\": {}, \"value\": \"{}\" }}", first ? "" : ",\n",
                              seconds(cue.start_cs), seconds(cue.end_cs), cue.shape);
        first = false;
    }
    return result + "\n  ]\n}\n";
}

std::string moho_dat(const alignment::PhoneTimes& times, const PhoneFormatOptions& options) {
    if (!(options.dat_frame_rate >= 10 && options.dat_frame_rate <= 100))
        fail(ErrorCode::kInvalidArgument, "[transcription] frame rate: expected 10 to 100, got {}",
             options.dat_frame_rate);
    const auto frame_of = [&](int cs) { return 1 + static_cast<int>(options.dat_frame_rate * (cs / 100.0)); };
    std::string result = "MohoSwitch1\n";
    int last = 0;
    for (const MouthCue& cue : mouth_cues(times, options.extended_shapes)) {
        const int frame = frame_of(cue.start_cs);
        if (frame == last) continue;
        result += fmt::format("{} {}\n", frame, moho_name(cue.shape, options.dat_preston_blair));
        last = frame;
    }
    int end = frame_of(hundredths(times.duration_s));
    if (end == last) ++end;
    return result + fmt::format("{} {}\n", end,
                                moho_name(drawn('X', options.extended_shapes), options.dat_preston_blair));
}

}  // namespace vultus::transcription
