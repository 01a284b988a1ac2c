#include "pipeline/phone_times.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "audio/phones.h"
#include "base/cancel.h"
#include "base/error.h"
#include "corpus/speech_corpus.h"
#include "pipeline/word_graph.h"

namespace vultus::pipeline {
namespace {

constexpr int kFrameSamples = corpus::kSpeechRateHz / kPosteriorRateHz;
constexpr float kNever = -std::numeric_limits<float>::infinity();
// However sure a recogniser is, one wrong frame must not outweigh a word.
constexpr float kFloor = -8.0f;
constexpr float kHighest = 0.01f;  ///< rounding of a logarithm of 1
constexpr int kPollFrames = 1000;
constexpr int kParts = 2;  ///< of a frame: phones change between frames, too
constexpr double kLongPauseS = 0.4;
/// Frames times states that are searched without a beam (12 bytes each): a minute of speech and its text.
constexpr std::size_t kExhaustible = 30'000'000;
// What a text is compared with: the phones that are heard without it. AlignOptions::worst_fit goes with them.
constexpr int kFitFrames = 2;
constexpr double kFitPenalty = 1.5;

std::size_t checked_frames(const std::vector<float>& log_posteriors, std::int64_t num_samples) {
    const auto frames = static_cast<std::size_t>((num_samples + kFrameSamples - 1) / kFrameSamples);
    if (num_samples <= 0 || log_posteriors.size() != frames * audio::kNumPhones)
        fail(ErrorCode::kInvalidArgument,
             "[pipeline] posteriors: expected {} x {} for {} samples, got {} values", frames,
             audio::kNumPhones, num_samples, log_posteriors.size());
    for (const float value : log_posteriors)
        if (!(value <= kHighest))
            fail(ErrorCode::kInvalidArgument, "[pipeline] posteriors: expected logarithms of 0..1, got {}",
                 value);
    return frames;
}

float score_of(const std::vector<float>& log_posteriors, std::size_t frame, int phone) {
    return std::max(log_posteriors[frame * audio::kNumPhones + static_cast<std::size_t>(phone)], kFloor);
}

/// Scores of the phones at every part of a frame, one row at a time: a phone by itself and by all that look
/// like it, which are what lips need to know; between frames a line. All parts of a frame together weigh as
/// much as the frame.
class PartScores {
  public:
    PartScores(const std::vector<float>& log_posteriors, std::size_t frames, double lookalike_weight)
        : log_posteriors_(log_posteriors), frames_(frames), weight_(lookalike_weight) {}

    const float* operator()(std::size_t part) {
        const double at = std::clamp((static_cast<double>(part) + 0.5) / kParts - 0.5, 0.0,
                                     static_cast<double>(frames_ - 1));
        const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, frames_ - 1);
        const auto share = static_cast<float>(at - static_cast<double>(low));
        const Row& before = of_frame(low);
        const Row& after = of_frame(high);
        for (std::size_t k = 0; k < row_.size(); ++k)
            row_[k] = ((1 - share) * before[k] + share * after[k]) / kParts;
        return row_.data();
    }

  private:
    using Row = std::array<float, audio::kNumPhones>;

    /// Neighbours are asked for again and again: the last two stay.
    const Row& of_frame(std::size_t frame) {
        Row& row = kept_[frame % 2];
        if (kept_frames_[frame % 2] == frame) return row;
        kept_frames_[frame % 2] = frame;
        double alike[audio::kNumVisemes] = {};
        for (int phone = 0; phone < audio::kNumPhones; ++phone)
            alike[static_cast<int>(audio::viseme_of(phone))] +=
                std::exp(score_of(log_posteriors_, frame, phone));
        for (int phone = 0; phone < audio::kNumPhones; ++phone)
            row[static_cast<std::size_t>(phone)] =
                static_cast<float>((1 - weight_) * score_of(log_posteriors_, frame, phone) +
                                   weight_ * std::log(alike[static_cast<int>(audio::viseme_of(phone))]));
        return row;
    }

    const std::vector<float>& log_posteriors_;
    std::size_t frames_;
    double weight_;
    std::array<Row, 2> kept_{};
    std::array<std::size_t, 2> kept_frames_{std::size_t(-1), std::size_t(-1)};
    Row row_{};
};

/// The best phone of each frame under a minimum duration: phone p in its k-th frame is a state of its own,
/// the last one stays. scores_at(t): the 40 phones' scores.
template <class ScoresAt>
std::vector<int> free_path(std::size_t frames, int steps, double change_penalty, ScoresAt&& scores_at) {
    const auto states = static_cast<std::size_t>(audio::kNumPhones * steps);
    const auto penalty = static_cast<float>(change_penalty);
    const auto last = static_cast<std::size_t>(steps - 1), count = static_cast<std::size_t>(steps);
    std::vector<float> scores(states, kNever), next(states);
    std::vector<std::uint8_t> left(frames), stayed(frames * audio::kNumPhones);
    for (std::size_t t = 0; t < frames; ++t) {
        if (t % kPollFrames == 0) throw_if_cancelled();
        std::size_t best_end = last;  // of the states that may be left
        for (std::size_t end = last; end < states; end += count)
            if (scores[end] > scores[best_end]) best_end = end;
        left[t] = static_cast<std::uint8_t>(best_end / count);
        const float entered = t == 0 ? 0.0f : scores[best_end] - penalty;
        const float* heard = scores_at(t);
        for (std::size_t phone = 0; phone < audio::kNumPhones; ++phone) {
            const std::size_t first = phone * count;
            for (std::size_t step = 0; step < last; ++step)
                next[first + step] = (step == 0 ? entered : scores[first + step - 1]) + heard[phone];
            const float came = last == 0 ? entered : scores[first + last - 1], stays = scores[first + last];
            stayed[t * audio::kNumPhones + phone] = stays >= came;
            next[first + last] = std::max(stays, came) + heard[phone];
        }
        scores.swap(next);
    }
    auto state = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    std::vector<int> path(frames);
    for (std::size_t t = frames; t-- > 0;) {
        const std::size_t phone = state / count, step = state % count;
        path[t] = static_cast<int>(phone);
        if (step == last && stayed[t * audio::kNumPhones + phone]) continue;
        state = step == 0 ? left[t] * count + last : state - 1;
    }
    return path;
}

/// Where a part of a frame begins: a frame lies half before and half after its centre, the first begins with
/// the sound.
double part_begin_s(std::size_t part) {
    const std::int64_t begin = static_cast<std::int64_t>(part) * kFrameSamples / kParts - kFrameSamples / 2;
    return static_cast<double>(std::max<std::int64_t>(begin, 0)) / corpus::kSpeechRateHz;
}

/// Where a frame begins; frame T at the sound's end.
double time_of(std::size_t frame, std::int64_t num_samples) {
    const bool end = static_cast<std::int64_t>(frame) * kFrameSamples >= num_samples;
    return end ? static_cast<double>(num_samples) / corpus::kSpeechRateHz : part_begin_s(frame * kParts);
}

/// Throws where the recogniser hears something else than the text.
void require_fit(const PhoneTimes& times, const std::vector<double>& pause_fits,
                 const AlignOptions& options) {
    const auto refuse = [&](double at_s, const char* where, std::size_t word) {
        fail(ErrorCode::kInvalidArgument,
             "[pipeline] the text does not match the sound from {:.2f} s on, {} '{}' (word {})", at_s, where,
             times.words[word].word, word + 1);
    };
    std::size_t misfits = 0;
    for (std::size_t i = 0; i < times.words.size(); ++i) {
        misfits = times.words[i].fit < options.worst_fit ? misfits + 1 : 0;
        // One word may be said in a way that no dictionary knows; two in a row, or a text of one word, are
        // not.
        const std::size_t first = i + 1 - misfits;
        if (misfits >= std::min<std::size_t>(2, times.words.size()))
            refuse(times.words[first].start_s, "at", first);
        if (pause_fits[i] < options.worst_fit) refuse(times.words[i].end_s, "after", i);
    }
}

}  // namespace

std::vector<corpus::PhoneSpan> phone_spans(const PhoneTimes& times, std::int64_t num_samples) {
    std::vector<corpus::PhoneSpan> spans;
    for (const PhoneSegment& phone : times.phones)
        spans.push_back({std::llround(phone.start_s * corpus::kSpeechRateHz),
                         std::llround(phone.end_s * corpus::kSpeechRateHz), phone.phone});
    if (!spans.empty()) spans.back().end_sample = num_samples;
    return spans;
}

PhoneTimes decode_phones(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                         const DecodeOptions& options) {
    const std::size_t frames = checked_frames(log_posteriors, num_samples);
    const std::vector<int> path =
        free_path(frames * kParts, std::max(options.min_frames, 1) * kParts, options.change_penalty,
                  PartScores(log_posteriors, frames, options.lookalike_weight));
    PhoneTimes times;
    times.duration_s = static_cast<double>(num_samples) / corpus::kSpeechRateHz;
    for (std::size_t t = 0; t < path.size(); ++t)
        if (t == 0 || path[t] != path[t - 1])
            times.phones.push_back({part_begin_s(t), times.duration_s, path[t]});
    for (std::size_t i = 0; i + 1 < times.phones.size(); ++i)
        times.phones[i].end_s = times.phones[i + 1].start_s;
    return times;
}

std::vector<SpokenWord> spoken_words(const std::string& text, Pronouncer& pronouncer) {
    std::vector<SpokenWord> words;
    for (const std::string& word : words_of(text)) {
        words.push_back({word, pronouncer.ways_to_say(word)});
        if (words.back().ways.empty())
            fail(ErrorCode::kInvalidArgument,
                 "[pipeline] no way to say '{}' is known: add it to a dictionary, or install espeak-ng to "
                 "guess it",
                 word);
    }
    if (words.empty()) fail(ErrorCode::kInvalidArgument, "[pipeline] the text: expected words, got none");
    return words;
}

PhoneTimes align_phones(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                        const std::vector<SpokenWord>& words, const AlignOptions& options) {
    const std::size_t frames = checked_frames(log_posteriors, num_samples);
    const WordGraph graph(words);
    if (frames < graph.shortest_frames())
        fail(ErrorCode::kInvalidArgument,
             "[pipeline] the text does not match the sound: {} words need {:.2f} s or more, the sound has "
             "{:.2f} s",
             words.size(), static_cast<double>(graph.shortest_frames()) / kPosteriorRateHz,
             static_cast<double>(num_samples) / corpus::kSpeechRateHz);
    const auto score = [&](std::size_t t, int phone) { return score_of(log_posteriors, t, phone); };
    std::array<float, audio::kNumPhones> row{};
    const std::vector<int> free = free_path(frames, kFitFrames, kFitPenalty, [&](std::size_t t) {
        for (int phone = 0; phone < audio::kNumPhones; ++phone)
            row[static_cast<std::size_t>(phone)] = score(t, phone);
        return row.data();
    });
    WordGraph::Path found = graph.best_path(frames, score, options.beam);
    if (!found.whole && frames * graph.num_states() <= kExhaustible)
        found = graph.best_path(frames, score, std::numeric_limits<double>::infinity());
    const std::vector<int>& path = found.states;

    PhoneTimes times;
    times.duration_s = static_cast<double>(num_samples) / corpus::kSpeechRateHz;
    std::vector<double> pause_fits(words.size(), 0);
    const auto fit = [&](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t t = begin; t < end; ++t) sum += score(t, graph.phone(path[t])) - score(t, free[t]);
        return sum / static_cast<double>(std::max<std::size_t>(end - begin, 1));
    };
    std::size_t word_begin = 0;
    for (std::size_t t = 0; t < frames; ++t) {
        if (t == 0 || path[t] != path[t - 1])
            times.phones.push_back({time_of(t, num_samples), times.duration_s, graph.phone(path[t])});
        if (t > 0 && graph.word(path[t]) != graph.word(path[t - 1])) word_begin = t;
        const bool last = t + 1 == frames || graph.word(path[t + 1]) != graph.word(path[t]);
        if (!last) continue;
        const double start_s = time_of(word_begin, num_samples), end_s = time_of(t + 1, num_samples);
        const int word = graph.word(path[t]);
        if (word >= 0)
            times.words.push_back(
                {start_s, end_s, words[static_cast<std::size_t>(word)].word, fit(word_begin, t + 1)});
        else if (!times.words.empty() && end_s - start_s >= kLongPauseS)
            pause_fits[times.words.size() - 1] = fit(word_begin, t + 1);
    }
    for (std::size_t i = 0; i + 1 < times.phones.size(); ++i)
        times.phones[i].end_s = times.phones[i + 1].start_s;
    require_fit(times, pause_fits, options);
    if (!found.whole)
        fail(ErrorCode::kInvalidArgument,
             "[pipeline] the text does not match the sound: it ends at {:.2f} s in word {} of {}",
             times.duration_s, times.words.size(), words.size());
    return times;
}

}  // namespace vultus::pipeline
