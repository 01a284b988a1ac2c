#include "speech_data/sphinx_alignment.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/process.h"
#include "base/scratch_folder.h"

namespace vultus::speech_data {
namespace {

constexpr const char* kModel = "/usr/share/pocketsphinx/model/en-us/en-us";
constexpr std::int64_t kFrameSamples = 160;
// A frame's window of 25.6 ms begins with the frame: what changes at its middle changes at its end.
constexpr std::int64_t kWindowShiftSamples = 125;

/// The text as a finite-state grammar whose "words" are phones: pronunciations are branches, silence between
/// words may be left out.
class Grammar {
  public:
    std::string text(const AlignmentTask& task) {
        int at = maybe_silence(0);
        for (const auto& ways : task.words) {
            const int end = num_states_++;
            for (const auto& phones : ways) way(at, end, phones);
            at = maybe_silence(end);
        }
        return fmt::format("FSG_BEGIN speech\nNUM_STATES {}\nSTART_STATE 0\nFINAL_STATE {}\n{}FSG_END\n",
                           num_states_, at, lines_);
    }

  private:
    void way(int from, int to, const pronunciation::Pronunciations::Phones& phones) {
        for (std::size_t i = 0; i < phones.size(); ++i) {
            const int next = i + 1 < phones.size() ? num_states_++ : to;
            step(from, next, audio::phone_name(phones[i]));
            from = next;
        }
    }
    int maybe_silence(int from) {
        const int to = num_states_++;
        step(from, to, "");
        step(from, to, "<sil>");
        return to;
    }
    void step(int from, int to, std::string_view word) {
        lines_ += fmt::format("TRANSITION {} {} 1.0{}{}\n", from, to, word.empty() ? "" : " ", word);
    }

    int num_states_ = 1;
    std::string lines_;
};

void write_task(const AlignmentTask& task, const std::filesystem::path& stem) {
    write_file(stem.string() + ".fsg", Grammar().text(task));
    std::string bytes(task.audio.size() * 2, '\0');
    auto* samples = reinterpret_cast<std::int16_t*>(bytes.data());
    for (std::size_t i = 0; i < task.audio.size(); ++i)
        samples[i] =
            static_cast<std::int16_t>(std::lrint(std::clamp(task.audio[i] * 32768.0f, -32768.0f, 32767.0f)));
    write_file(stem.string() + ".raw", bytes);
}

/// "NAME S 0 T -4149 A -4149 L 0 0 -1326 0 <sil> 92 -121 0 B ... 296": start frame, scores, word; the end.
std::vector<corpus::PhoneSpan> parse_segments(std::istringstream& in, std::int64_t num_samples) {
    std::vector<corpus::PhoneSpan> spans;
    std::string word;
    for (int i = 0; i < 8; ++i) in >> word;  // scores of the whole
    std::int64_t frame = 0, acoustic = 0, language = 0;
    while (in >> frame && in >> acoustic >> language >> word) {
        if (word == "(NULL)") continue;
        const int phone = word == "<sil>" ? audio::kSilence : audio::phone_from_name(word);
        const std::int64_t begin = spans.empty() ? 0 : frame * kFrameSamples + kWindowShiftSamples;
        if (begin >= num_samples) break;
        while (!spans.empty() && spans.back().begin_sample >= begin) spans.pop_back();
        if (!spans.empty() && spans.back().phone == phone && phone == audio::kSilence) continue;
        spans.push_back({begin, 0, phone});
    }
    for (std::size_t i = 0; i < spans.size(); ++i)
        spans[i].end_sample = i + 1 < spans.size() ? spans[i + 1].begin_sample : num_samples;
    return spans;
}

void run_sphinx(const std::filesystem::path& folder, const std::string& list) {
    std::string dictionary;
    for (int phone = 1; phone < audio::kNumPhones; ++phone)
        dictionary += fmt::format("{0} {0}\n", audio::phone_name(phone));
    write_file(folder / "phones.dict", dictionary);
    write_file(folder / "list", list);
    const std::string at = folder.string();
    const ProgramResult result = run_program({"pocketsphinx_batch",
                                              "-hmm",
                                              kModel,
                                              "-dict",
                                              at + "/phones.dict",
                                              "-ctl",
                                              at + "/list",
                                              "-fsgctl",
                                              at + "/list",
                                              "-cepdir",
                                              at,
                                              "-fsgdir",
                                              at,
                                              "-cepext",
                                              ".raw",
                                              "-fsgext",
                                              ".fsg",
                                              "-adcin",
                                              "yes",
                                              "-fsgusefiller",
                                              "no",
                                              "-fsgusealtpron",
                                              "no",
                                              "-remove_silence",
                                              "no",
                                              "-bestpath",
                                              "no",
                                              "-beam",
                                              "1e-80",
                                              "-wbeam",
                                              "1e-60",
                                              "-pbeam",
                                              "1e-80",
                                              "-hypseg",
                                              at + "/segments"},
                                             Keep::kErrors);
    if (result.exit_code != 0)
        fail(ErrorCode::kIo, "[speech_data] pocketsphinx_batch ended with code {}", result.exit_code);
}

}  // namespace

std::optional<AlignmentTask> alignment_task(std::vector<float> audio, const std::string& text,
                                            pronunciation::Pronouncer& pronouncer) {
    AlignmentTask task{std::move(audio), {}};
    for (const std::string& word : pronunciation::words_of(text)) {
        task.words.push_back(pronouncer.ways_to_say(word));
        if (task.words.back().empty()) return std::nullopt;
    }
    return task;
}

std::vector<std::vector<corpus::PhoneSpan>> align_with_sphinx(const std::vector<AlignmentTask>& tasks) {
    if (!find_program("pocketsphinx_batch") || !std::filesystem::exists(kModel))
        fail(ErrorCode::kUnsupported,
             "[speech_data] recordings need pocketsphinx to find their phones (Debian: apt-get install "
             "pocketsphinx "
             "pocketsphinx-en-us)");
    const ScratchFolder scratch("sphinx");
    std::string list;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        write_task(tasks[i], scratch / std::to_string(i));
        list += std::to_string(i) + "\n";
    }
    run_sphinx(scratch.path(), list);
    std::vector<std::vector<corpus::PhoneSpan>> found(tasks.size());
    std::ifstream in(scratch / "segments");
    for (std::string line; std::getline(in, line);) {
        std::istringstream parts(line);
        std::size_t index = 0;
        if (!(parts >> index) || index >= tasks.size()) continue;
        found[index] = parse_segments(parts, static_cast<std::int64_t>(tasks[index].audio.size()));
        // Without a path to the last state there may be a part of one.
        std::size_t shortest = 0, heard = 0;
        for (const auto& ways : tasks[index].words)
            shortest += std::min_element(ways.begin(), ways.end(), [](const auto& a, const auto& b) {
                            return a.size() < b.size();
                        })->size();
        for (const corpus::PhoneSpan& span : found[index]) heard += span.phone > audio::kSilence;
        if (heard < shortest) found[index].clear();
    }
    return found;
}

}  // namespace vultus::speech_data
