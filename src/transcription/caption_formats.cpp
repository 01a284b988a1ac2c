#include "transcription/caption_formats.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::transcription {
namespace {

constexpr std::size_t kLineCharacters = 42, kMostLines = 2;
constexpr double kMostS = 7, kLeastS = 1, kPauseS = 0.6;

/// Of UTF-8: bytes that begin one.
std::size_t num_characters(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    text.erase(0, text.find_first_not_of(' '));
    return text;
}

/// One line if it fits, else two that are as even as they can be.
std::vector<std::string> lines_of(const std::string& text) {
    if (num_characters(text) <= kLineCharacters) return {text};
    std::size_t best = std::string::npos, least = std::string::npos;
    for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
        const std::size_t longer =
            std::max(num_characters(text.substr(0, at)), num_characters(text.substr(at + 1)));
        if (longer >= least) continue;
        least = longer;
        best = at;
    }
    if (best == std::string::npos) return {text};
    return {text.substr(0, best), text.substr(best + 1)};
}

bool fits(const std::string& text) {
    const std::vector<std::string> lines = lines_of(text);
    return lines.size() <= kMostLines && std::all_of(lines.begin(), lines.end(), [](const std::string& line) {
               return num_characters(line) <= kLineCharacters;
           });
}

bool ends_sentence(const std::string& shown) {
    const std::string text = trimmed(shown);
    const std::size_t last = text.find_last_not_of("\"')]");
    return last != std::string::npos && (text[last] == '.' || text[last] == '?' || text[last] == '!');
}

std::string shown_of(const alignment::WordSegment& word) {
    return word.index < 0 ? word.word + " " : word.shown;
}

std::string clock(double seconds, const char* fraction_mark) {
    const auto ms = std::llround(seconds * 1000);
    return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                       fraction_mark, ms % 1000);
}

std::string ass_clock(double seconds) {
    const auto cs = std::llround(seconds * 100);
    return fmt::format("{}:{:02}:{:02}.{:02}", cs / 360'000, cs / 6000 % 60, cs / 100 % 60, cs % 100);
}

std::string joined(const std::vector<std::string>& lines, const char* mark) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : mark) + line;
    return text;
}

std::string replaced(const std::string& text, const std::vector<std::pair<char, const char*>>& marks) {
    std::string result;
    for (const char c : text) {
        const auto found =
            std::find_if(marks.begin(), marks.end(), [&](const auto& mark) { return mark.first == c; });
        if (found == marks.end())
            result += c;
        else
            result += found->second;
    }
    return result;
}

}  // namespace

std::vector<Caption> captions(const alignment::PhoneTimes& times) {
    if (times.words.empty())
        fail(ErrorCode::kInvalidArgument,
             "[transcription] captions: expected words, got phones alone; --text, --text-file or --words "
             "find them");
    std::vector<Caption> result;
    std::string text;
    bool ended = true;
    for (const alignment::WordSegment& word : times.words) {
        const std::string longer = text + shown_of(word);
        if (ended || word.start_s - result.back().end_s >= kPauseS ||
            word.end_s - result.back().start_s > kMostS || !fits(trimmed(longer))) {
            result.push_back({word.start_s, word.end_s, {}});
            text.clear();
        }
        text += shown_of(word);
        result.back().end_s = word.end_s;
        result.back().lines = lines_of(trimmed(text));
        ended = ends_sentence(shown_of(word));
    }
    for (std::size_t k = 0; k < result.size(); ++k) {
        const double next_s = k + 1 < result.size() ? result[k + 1].start_s : times.duration_s;
        result[k].end_s = std::max(result[k].end_s, std::min(result[k].start_s + kLeastS, next_s));
    }
    return result;
}

std::string srt(const alignment::PhoneTimes& times) {
    std::string file;
    int number = 0;
    for (const Caption& caption : captions(times))
        file += fmt::format("{}\n{} --> {}\n{}\n\n", ++number, clock(caption.start_s, ","),
                            clock(caption.end_s, ","), joined(caption.lines, "\n"));
    return file;
}

std::string vtt(const alignment::PhoneTimes& times) {
    std::string file = "WEBVTT\n\n";
    for (const Caption& caption : captions(times))
        file += fmt::format(
            "{} --> {}\n{}\n\n", clock(caption.start_s, "."), clock(caption.end_s, "."),
            replaced(joined(caption.lines, "\n"), {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}}));
    return file;
}

std::string ass(const alignment::PhoneTimes& times) {
    std::string file =
        "[Script Info]\nScriptType: v4.00+\nPlayResX: 384\nPlayResY: 288\n\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, "
        "Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, "
        "Alignment, "
        "MarginL, MarginR, MarginV, Encoding\n"
        "Style: "
        "Default,Arial,16,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1"
        "\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";
    for (const Caption& caption : captions(times))
        file += fmt::format("Dialogue: 0,{},{},Default,,0,0,0,,{}\n", ass_clock(caption.start_s),
                            ass_clock(caption.end_s),
                            replaced(joined(caption.lines, "\\N"), {{'{', "\\{"}, {'}', "\\}"}}));
    return file;
}

}  // namespace vultus::transcription
