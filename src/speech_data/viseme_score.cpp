#include "speech_data/viseme_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "alignment/phone_times.h"
#include "audio/augment.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "hearing/phone_recognizer.h"
#include "person/bundled.h"

namespace vultus::speech_data {
namespace {

constexpr std::int64_t kHopSamples = corpus::kSpeechRateHz / 100;

/// The phone at a sample; spans in order, `at` walks along.
int phone_at(const std::vector<corpus::PhoneSpan>& spans, std::int64_t sample, std::size_t& at,
             int otherwise) {
    while (at < spans.size() && spans[at].end_sample <= sample) ++at;
    return at < spans.size() && spans[at].begin_sample <= sample ? spans[at].phone : otherwise;
}

class ScoresByVoice {
  public:
    void add(const corpus::SpeechClip& clip, const std::vector<corpus::PhoneSpan>& found) {
        const std::string voice = clip.voice.substr(0, clip.voice.find('+'));
        VoiceScore& entry = scores_[voice];
        entry.voice = voice;
        ++entry.num_clips;
        entry.score.add(clip.phones, found);
    }
    bool empty() const { return scores_.empty(); }
    std::vector<VoiceScore> list() const {
        std::vector<VoiceScore> list;
        for (const auto& [voice, entry] : scores_) list.push_back(entry);
        return list;
    }

  private:
    std::map<std::string, VoiceScore> scores_;
};

audio::AugmentOptions options_of(const std::string& condition) {
    audio::AugmentOptions options = audio::AugmentOptions::none();
    if (condition == "noise") {
        options.noise_probability = 1;
        options.snr_low_db = options.snr_high_db = 10;
    } else if (condition == "room") {
        options.room_probability = 1;
        options.room_decay_low_s = options.room_decay_high_s = 0.3;
        options.direct_low_db = options.direct_high_db = 5;
    } else if (condition == "telephone") {
        options.telephone_probability = 1;
    } else if (condition != "clean") {
        fail(ErrorCode::kInvalidArgument,
             "[speech_data] listening: expected clean, noise, room or telephone, got '{}'", condition);
    }
    return options;
}

/// A clip under a condition, the same at every call.
std::vector<float> heard(const corpus::SpeechCorpus& corpus, std::size_t clip,
                         const audio::AugmentOptions& options) {
    Rng rng(clip);
    return audio::augment(corpus.audio(clip), rng, options);
}

void check_validation(const corpus::SpeechCorpus& corpus) {
    if (std::ranges::none_of(corpus.clips(), &corpus::SpeechClip::validation))
        fail(ErrorCode::kInvalidArgument, "[speech_data] the speech corpus has no validation clips");
}

double share(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

void VisemeScore::add(const std::vector<corpus::PhoneSpan>& labels,
                      const std::vector<corpus::PhoneSpan>& found) {
    if (labels.empty()) return;
    std::size_t label_at = 0, found_at = 0;
    for (std::int64_t sample = kHopSamples / 2; sample < labels.back().end_sample; sample += kHopSamples) {
        const int label = phone_at(labels, sample, label_at, audio::kUnknownPhone);
        if (label < 0) continue;
        const int heard = std::max(phone_at(found, sample, found_at, audio::kSilence), audio::kSilence);
        ++frames_;
        if (heard == label) ++same_phone_;
        ++confusions_[static_cast<std::size_t>(audio::viseme_of(label))]
                     [static_cast<std::size_t>(audio::viseme_of(heard))];
    }
}

double VisemeScore::viseme_accuracy() const {
    std::int64_t right = 0;
    for (std::size_t i = 0; i < confusions_.size(); ++i) right += confusions_[i][i];
    return share(right, frames_);
}

double VisemeScore::phone_accuracy() const { return share(same_phone_, frames_); }

double VisemeScore::speech_viseme_accuracy() const {
    std::int64_t right = 0, all = 0;
    for (std::size_t i = 1; i < confusions_.size(); ++i) {
        right += confusions_[i][i];
        for (const std::int64_t count : confusions_[i]) all += count;
    }
    return share(right, all);
}

std::vector<corpus::PhoneSpan> read_phone_tsv(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) fail(ErrorCode::kIo, "[speech_data] {}: cannot open", file.string());
    std::vector<corpus::PhoneSpan> spans;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        std::istringstream parts(line);
        double start_s = 0, end_s = 0;
        std::string name;
        const bool whole = static_cast<bool>(parts >> start_s >> end_s >> name);
        if (!whole && number == 1) continue;  // the header
        const int phone = audio::phone_from_name(name);
        if (!whole || phone < 0 || !(start_s >= 0 && end_s >= start_s && end_s < 1e6))
            fail(ErrorCode::kCorruptData,
                 "[speech_data] {}: line {}: expected start, end and phone, got '{}'", file.string(), number,
                 line);
        spans.push_back({std::llround(start_s * corpus::kSpeechRateHz),
                         std::llround(end_s * corpus::kSpeechRateHz), phone});
    }
    return spans;
}

std::vector<VoiceScore> score_folder(const corpus::SpeechCorpus& corpus,
                                     const std::filesystem::path& folder) {
    ScoresByVoice scores;
    for (const corpus::SpeechClip& clip : corpus.clips()) {
        const std::filesystem::path file = folder / (clip.name + ".tsv");
        if (clip.validation && std::filesystem::exists(file)) scores.add(clip, read_phone_tsv(file));
    }
    if (scores.empty())
        fail(ErrorCode::kInvalidArgument,
             "[speech_data] {}: expected NAME.tsv for validation clips, found none", folder.string());
    return scores.list();
}

const std::vector<std::string>& listening_conditions() {
    static const std::vector<std::string> names{"clean", "noise", "room", "telephone"};
    return names;
}

void spoil_corpus(const corpus::SpeechCorpus& corpus, const std::string& condition,
                  const std::filesystem::path& folder) {
    const audio::AugmentOptions options = options_of(condition);
    check_validation(corpus);
    corpus::SpeechCorpusWriter writer(folder);
    Progress progress("spoiling", "clips", static_cast<std::int64_t>(corpus.clips().size()));
    for (std::size_t i = 0; i < corpus.clips().size(); ++i) {
        progress.update(static_cast<std::int64_t>(i) + 1);
        if (!corpus.clips()[i].validation) continue;
        throw_if_cancelled();
        writer.add(corpus.clips()[i], heard(corpus, i, options));
    }
    writer.finish();
}

std::vector<VoiceScore> score_encoder(const corpus::SpeechCorpus& corpus,
                                      const std::filesystem::path& speech_model, const std::string& condition,
                                      const alignment::WordRecognizer* words) {
    const audio::AugmentOptions options = options_of(condition);
    check_validation(corpus);
    const hearing::PhoneRecognizer recognizer(
        speech_model.empty() ? person::find_bundled(person::kSmallSpeechEncoder) : speech_model);
    const auto num_clips = static_cast<std::int64_t>(corpus.clips().size());
    Progress progress("listening", "clips", num_clips);
    ScoresByVoice scores;
    for (std::size_t i = 0; i < corpus.clips().size(); ++i) {
        progress.update(static_cast<std::int64_t>(i) + 1);
        const corpus::SpeechClip& clip = corpus.clips()[i];
        if (!clip.validation) continue;
        throw_if_cancelled();
        const std::vector<float> posteriors = recognizer.log_posteriors(heard(corpus, i, options));
        const alignment::PhoneTimes times =
            words ? (*words)(posteriors, clip.num_samples, recognizer.phone_share())
                  : alignment::decode_phones(posteriors, clip.num_samples);
        scores.add(clip, alignment::phone_spans(times, clip.num_samples));
    }
    return scores.list();
}

std::string format_scores(const std::vector<VoiceScore>& scores) {
    std::string table = fmt::format("{:<32}{:>6}{:>9}{:>10}{:>18}{:>9}\n", "voice", "clips", "minutes",
                                    "visemes", "without silence", "phones");
    for (const VoiceScore& voice : scores)
        table +=
            fmt::format("{:<32}{:>6}{:>9.1f}{:>8.1f} %{:>16.1f} %{:>7.1f} %\n", voice.voice, voice.num_clips,
                        static_cast<double>(voice.score.frames()) / 6000, 100 * voice.score.viseme_accuracy(),
                        100 * voice.score.speech_viseme_accuracy(), 100 * voice.score.phone_accuracy());
    return table;
}

}  // namespace vultus::speech_data
