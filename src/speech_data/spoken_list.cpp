#include "speech_data/spoken_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <sstream>

#include "alignment/phone_times.h"
#include "audio/phones.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "hearing/phone_recognizer.h"
#include "media/audio_reader.h"
#include "person/bundled.h"
#include "pronunciation/pronouncer.h"
#include "speech_data/sphinx_alignment.h"

namespace vultus::speech_data {
namespace {

constexpr std::size_t kMaxSamples = 16000 * 60;
constexpr std::size_t kBatch = 100;
constexpr std::uint64_t kValidationEvery = 25;
constexpr double kWorstMeanFit = -1.6;

struct SpokenLine {
    std::filesystem::path file;
    std::string voice, language, text;
};

struct Labelled {
    std::vector<float> audio;
    std::vector<corpus::PhoneSpan> phones;  ///< empty: the text does not fit
};

std::string without_parentheses(const std::string& text) {
    std::string out;
    int depth = 0;
    for (const char c : text) {
        if (c == '(' || c == '[') ++depth;
        if (depth == 0) out += c;
        if ((c == ')' || c == ']') && depth > 0) --depth;
    }
    return out;
}

std::vector<SpokenLine> read_list(const std::filesystem::path& list) {
    std::istringstream in(read_file(list));
    std::vector<SpokenLine> lines;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.empty() || line.front() == '#') continue;
        std::vector<std::string> parts;
        std::istringstream columns(line);
        for (std::string part; std::getline(columns, part, '\t');) parts.push_back(part);
        if (parts.size() != 4)
            fail(
                ErrorCode::kInvalidArgument,
                "[speech_data] {} line {}: expected file, voice, language and text with tabs between, got {} "
                "parts",
                list.string(), number, parts.size());
        lines.push_back({list.parent_path() / parts[0], parts[1], parts[2], without_parentheses(parts[3])});
    }
    if (lines.empty())
        fail(ErrorCode::kInvalidArgument, "[speech_data] {}: lists no recording", list.string());
    return lines;
}

/// Aligns with what the speech encoder hears; texts are said as espeak-ng says them.
class EncoderAligner {
  public:
    explicit EncoderAligner(const std::filesystem::path& speech_model)
        : recognizer_(speech_model.empty() ? person::find_bundled(person::kSmallSpeechEncoder)
                                           : speech_model),
          espeak_(pronunciation::Espeak::load()) {
        if (!espeak_)
            fail(ErrorCode::kUnsupported,
                 "[speech_data] espeak-ng is not here to say how words are spoken (Debian: libespeak-ng1)");
    }

    /// Empty when the text does not fit.
    std::vector<corpus::PhoneSpan> align(const SpokenLine& line, const std::vector<float>& audio) {
        if (!espeak_->set_voice(line.language))
            fail(ErrorCode::kInvalidArgument, "[speech_data] espeak-ng has no language '{}'", line.language);
        std::vector<alignment::SpokenWord> words;
        std::istringstream in(line.text);
        for (std::string word; in >> word;) {
            std::vector<int> phones = espeak_->pronounce(word);
            if (!phones.empty())
                words.push_back(
                    {word, {pronunciation::Pronunciations::Phones(phones.begin(), phones.end())}});
        }
        if (words.empty()) return {};
        try {
            const auto num_samples = static_cast<std::int64_t>(audio.size());
            const alignment::PhoneTimes times =
                alignment::align_phones(recognizer_.log_posteriors(audio), num_samples, words);
            double fit = 0;
            for (const alignment::WordSegment& word : times.words) fit += word.fit;
            if (fit < kWorstMeanFit * static_cast<double>(times.words.size())) return {};
            return alignment::phone_spans(times, num_samples);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::kInvalidArgument) throw;
            return {};
        }
    }

  private:
    hearing::PhoneRecognizer recognizer_;
    std::unique_ptr<pronunciation::Espeak> espeak_;
};

/// Joins short recordings of a voice and hands them on.
class Joiner {
  public:
    explicit Joiner(const TakeClip& take) : take_(take) {}

    void add(const SpokenLine& line, const Labelled& labelled) {
        if (clip_ && clip_->voice != line.voice) flush();
        if (!clip_) {
            clip_.emplace();
            clip_->voice = line.voice;
            clip_->language = line.language;
        }
        const auto offset = static_cast<std::int64_t>(audio_.size());
        clip_->text += (clip_->text.empty() ? "" : " ") + line.text;
        audio_.insert(audio_.end(), labelled.audio.begin(), labelled.audio.end());
        for (corpus::PhoneSpan span : labelled.phones) {
            span.begin_sample += offset;
            span.end_sample += offset;
            clip_->phones.push_back(span);
        }
        if (static_cast<double>(audio_.size()) >= kSpokenClipS * corpus::kSpeechRateHz) flush();
    }

    void flush() {
        if (!clip_) return;
        const std::uint64_t count = ++of_voice_[clip_->voice];
        clip_->name = fmt::format("{}-{:05}", clip_->voice, count);
        std::replace(clip_->name.begin(), clip_->name.end(), '/', '-');
        clip_->validation = count % kValidationEvery == 0;
        take_(std::move(*clip_), std::move(audio_));
        clip_.reset();
        audio_.clear();
    }

  private:
    const TakeClip& take_;
    std::optional<corpus::SpeechClip> clip_;
    std::vector<float> audio_;
    std::map<std::string, std::uint64_t> of_voice_;
};

bool english(const SpokenLine& line) { return line.language.substr(0, 2) == "en"; }

/// Takes the lines of one kind a batch at a time; label() gives a batch its phones.
class ListReader {
  public:
    ListReader(const TakeClip& take, std::size_t total)
        : joiner_(take), progress_("spoken", "recordings", static_cast<std::int64_t>(total)) {}

    template <typename Label>
    void take(const std::vector<SpokenLine>& lines, const Label& label) {
        for (std::size_t begin = 0; begin < lines.size(); begin += kBatch) {
            std::vector<Labelled> batch(std::min(kBatch, lines.size() - begin));
            for (std::size_t i = 0; i < batch.size(); ++i) batch[i].audio = read(lines[begin + i]);
            label(&lines[begin], batch);
            for (std::size_t i = 0; i < batch.size(); ++i) {
                if (batch[i].phones.empty())
                    ++left_out_;
                else
                    joiner_.add(lines[begin + i], batch[i]);
            }
        }
        joiner_.flush();
    }
    std::size_t left_out() const { return left_out_; }

  private:
    std::vector<float> read(const SpokenLine& line) {
        throw_if_cancelled();
        progress_.update(++done_);
        try {
            return media::read_audio(line.file, kMaxSamples);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::kCancelled) throw;
            return {};
        }
    }

    Joiner joiner_;
    Progress progress_;
    std::int64_t done_ = 0;
    std::size_t left_out_ = 0;
};

/// All of a batch at once: starting pocketsphinx takes longer than a recording.
void label_english(const SpokenLine* lines, std::vector<Labelled>& batch,
                   pronunciation::Pronouncer& pronouncer) {
    std::vector<AlignmentTask> tasks;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch[i].audio.empty()) continue;
        std::optional<AlignmentTask> task = alignment_task(batch[i].audio, lines[i].text, pronouncer);
        if (!task || task->words.empty()) continue;
        tasks.push_back(std::move(*task));
        places.push_back(i);
    }
    if (tasks.empty()) return;
    std::vector<std::vector<corpus::PhoneSpan>> found = align_with_sphinx(tasks);
    for (std::size_t k = 0; k < places.size(); ++k) batch[places[k]].phones = std::move(found[k]);
}

}  // namespace

void take_spoken_list(const std::filesystem::path& list, const std::filesystem::path& speech_model,
                      const TakeClip& take) {
    std::vector<SpokenLine> all = read_list(list), others;
    const std::size_t total = all.size();
    const auto middle = std::stable_partition(all.begin(), all.end(), english);
    others.assign(std::make_move_iterator(middle), std::make_move_iterator(all.end()));
    all.erase(middle, all.end());

    // One after the other: a process can have one espeak-ng only.
    ListReader reader(take, total);
    if (!all.empty()) {
        pronunciation::Pronouncer pronouncer;
        reader.take(all, [&](const SpokenLine* lines, std::vector<Labelled>& batch) {
            label_english(lines, batch, pronouncer);
        });
    }
    if (!others.empty()) {
        EncoderAligner aligner(speech_model);
        reader.take(others, [&](const SpokenLine* lines, std::vector<Labelled>& batch) {
            for (std::size_t i = 0; i < batch.size(); ++i)
                if (!batch[i].audio.empty()) batch[i].phones = aligner.align(lines[i], batch[i].audio);
        });
    }
    if (reader.left_out() > 0)
        fmt::print(stderr, "vultus: {} of {} recordings left out: unreadable, or their text did not fit\n",
                   reader.left_out(), total);
}

}  // namespace vultus::speech_data
