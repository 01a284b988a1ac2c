#include "transcription/given_times.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "audio/phones.h"
#include "base/error.h"
#include "transcription/given_json.h"

namespace vultus::transcription {
namespace {

constexpr double kLongestS = 86400;
constexpr double kShortestS = 0.02;  ///< what is said in no time gets this where there is room

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return "";
    return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

/// "00:01:02,500", "01:02.5", "62.5"; -1 for others.
double clock_time(const std::string& text) {
    double seconds = 0;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ':');) {
        std::replace(part.begin(), part.end(), ',', '.');
        char* end = nullptr;
        const double value = std::strtod(part.c_str(), &end);
        if (end == part.c_str()) return -1;
        seconds = 60 * seconds + value;
    }
    return seconds;
}

GivenLabels captions(std::string_view file) {
    GivenLabels labels;
    std::istringstream in{std::string(file)};
    bool in_cue = false;
    for (std::string line; std::getline(in, line);) {
        line = trimmed(line);
        const std::size_t arrow = line.find("-->");
        if (arrow != std::string::npos) {
            const std::string end = trimmed(line.substr(arrow + 3));
            labels.words.push_back(
                {clock_time(trimmed(line.substr(0, arrow))), clock_time(end.substr(0, end.find(' '))), ""});
            in_cue = true;
        } else if (line.empty()) {
            in_cue = false;
        } else if (in_cue) {
            std::string& text = labels.words.back().text;
            text += (text.empty() ? "" : "\n") + line;
        }
    }
    return labels;
}

/// Praat's quoted texts and numbers in the order of the file: the long and the short text format alike.
std::vector<std::string> praat_values(std::string_view file) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < file.size(); ++i) {
        if (file[i] == '"') {
            std::string text = "\"";
            for (++i; i < file.size(); ++i) {
                if (file[i] == '"' && (i + 1 >= file.size() || file[i + 1] != '"')) break;
                if (file[i] == '"') ++i;
                text += file[i];
            }
            values.push_back(text);
        } else if (std::isdigit(static_cast<unsigned char>(file[i])) &&
                   (i == 0 || std::isspace(static_cast<unsigned char>(file[i - 1])))) {
            std::size_t end = i;
            while (end < file.size() && !std::isspace(static_cast<unsigned char>(file[end]))) ++end;
            values.emplace_back(file.substr(i, end - i));
            i = end;
        } else if (file[i] == '[') {
            i = std::min(file.find(']', i), file.size());  // numbers of items
        }
    }
    return values;
}

bool names_phones(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name.find("phon") != std::string::npos || name.find("seg") != std::string::npos || name == "mau";
}

bool names_visemes(const std::string& name) { return name.find("isem") != std::string::npos; }

GivenLabels text_grid(std::string_view file, const std::string& name) {
    const std::vector<std::string> values = praat_values(file);
    GivenLabels labels;
    for (std::size_t i = 0; i + 4 < values.size(); ++i) {
        if (values[i] != "\"IntervalTier") continue;
        const std::string tier = values[i + 1].substr(1);
        const auto count = static_cast<std::size_t>(std::strtoull(values[i + 4].c_str(), nullptr, 10));
        if (count > (values.size() - i - 5) / 3)
            fail(ErrorCode::kCorruptData, "[transcription] {}: expected {} intervals in tier '{}', got fewer",
                 name, count, tier);
        std::vector<GivenLabel> intervals;
        for (std::size_t k = 0; k < count; ++k) {
            const std::string* value = &values[i + 5 + 3 * k];
            if (value[2].empty() || value[2][0] != '"')
                fail(ErrorCode::kCorruptData, "[transcription] {}: expected a text in tier '{}', got {}",
                     name, tier, value[2]);
            intervals.push_back({std::strtod(value[0].c_str(), nullptr),
                                 std::strtod(value[1].c_str(), nullptr), trimmed(value[2].substr(1))});
        }
        std::vector<GivenLabel>& list = names_visemes(tier)  ? labels.visemes
                                        : names_phones(tier) ? labels.phones
                                                             : labels.words;
        if (list.empty()) list = std::move(intervals);
    }
    std::erase_if(labels.words, [](const GivenLabel& label) { return label.text.empty(); });
    return labels;
}

/// start, end, label, with tabs or blanks between; a header and other lines are an error, comments are not.
GivenLabels lines(std::string_view file, const std::string& name) {
    GivenLabels labels;
    std::istringstream in{std::string(file)};
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        line = trimmed(line);
        if (line.empty() || line[0] == '#' || (number == 1 && line.find("start") != std::string::npos))
            continue;
        std::istringstream parts(line);
        GivenLabel label;
        if (!(parts >> label.start_s >> label.end_s))
            fail(ErrorCode::kCorruptData,
                 "[transcription] {}: expected JSON, a TextGrid, captions or lines of start, end and label, "
                 "got '{}'",
                 name, line.substr(0, 60));
        std::string rest;
        std::getline(parts, rest);
        rest = trimmed(rest);
        label.text = rest.substr(0, rest.find('\t'));
        labels.words.push_back(label);
    }
    // One kind of label: all of them phones, or else words.
    std::size_t arpabet = 0;
    for (const GivenLabel& label : labels.words) {
        const bool silence = phones_of_label(label.text) == std::vector<int>{audio::kSilence};
        arpabet += silence || audio::phone_from_cmudict(label.text) >= 0;
    }
    if (arpabet == labels.words.size()) std::swap(labels.phones, labels.words);
    std::erase_if(labels.words, [](const GivenLabel& label) { return label.text.empty(); });
    return labels;
}

/// In order; what overlaps ends where the next begins, what is said in no time gets some.
void tidy(std::vector<GivenLabel>& labels, const std::string& name) {
    for (const GivenLabel& label : labels)
        if (!(label.start_s >= 0 && label.end_s >= 0 && label.start_s <= kLongestS &&
              label.end_s <= kLongestS))
            fail(ErrorCode::kCorruptData,
                 "[transcription] {}: expected times from 0 to {} s, got {} to {} for '{}'", name, kLongestS,
                 label.start_s, label.end_s, label.text.substr(0, 40));
    std::stable_sort(labels.begin(), labels.end(),
                     [](const GivenLabel& a, const GivenLabel& b) { return a.start_s < b.start_s; });
    for (std::size_t i = 0; i < labels.size(); ++i) {
        GivenLabel& label = labels[i];
        if (label.end_s <= label.start_s) label.end_s = label.start_s + kShortestS;
        if (i + 1 < labels.size()) label.end_s = std::min(label.end_s, labels[i + 1].start_s);
    }
    std::erase_if(labels, [](const GivenLabel& label) { return label.end_s <= label.start_s; });
}

void add_phones(const GivenLabel& label, const std::vector<int>& phones, GivenTimes& times) {
    const double step_s = (label.end_s - label.start_s) / static_cast<double>(phones.size());
    for (std::size_t i = 0; i < phones.size(); ++i)
        times.phones.push_back(
            {label.start_s + step_s * static_cast<double>(i),
             i + 1 == phones.size() ? label.end_s : label.start_s + step_s * static_cast<double>(i + 1),
             phones[i]});
}

GivenTimes times_of(GivenLabels labels, const std::string& name) {
    for (auto* list : {&labels.words, &labels.phones, &labels.visemes}) tidy(*list, name);
    GivenTimes times;
    for (const GivenLabel& label : labels.phones) {
        const std::vector<int> phones = phones_of_label(label.text);
        if (!phones.empty()) add_phones(label, phones, times);
    }
    if (times.phones.empty())
        for (const GivenLabel& label : labels.visemes) {
            const int phone = phone_of_viseme(label.text);
            if (phone < 0)
                fail(ErrorCode::kCorruptData,
                     "[transcription] {}: expected a viseme of OVR Lip Sync, Azure or Polly, got '{}'", name,
                     label.text);
            add_phones(label, {phone}, times);
        }
    times.words = std::move(labels.words);
    if (times.words.empty() && times.phones.empty())
        fail(ErrorCode::kCorruptData,
             "[transcription] {}: expected words, phones or visemes with times, got none", name);
    times.duration_s = labels.duration_s;
    if (!times.words.empty()) times.duration_s = std::max(times.duration_s, times.words.back().end_s);
    if (!times.phones.empty()) times.duration_s = std::max(times.duration_s, times.phones.back().end_s);
    return times;
}

}  // namespace

GivenTimes read_given_times(std::string_view file, const std::string& name) {
    if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
    const std::size_t first = file.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        fail(ErrorCode::kCorruptData,
             "[transcription] {}: expected words or phones with times, got an empty file", name);
    if (file[first] == '{' || file[first] == '[') return times_of(json_labels(file, name), name);
    if (file.find("ooTextFile") < 200) return times_of(text_grid(file, name), name);
    if (file.find("-->") != std::string_view::npos) return times_of(captions(file), name);
    return times_of(lines(file, name), name);
}

}  // namespace vultus::transcription
