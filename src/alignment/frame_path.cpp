#include "alignment/frame_path.h"

#include <algorithm>
#include <array>
#include <limits>

#include "alignment/frame_scores.h"
#include "audio/phones.h"
#include "base/cancel.h"

namespace vultus::alignment {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr int kPollFrames = 1000;
// A pause is as bad as the worst so many frames of it: speech within silence is not outweighed by that.
constexpr std::size_t kLongPauseFrames = 20;
// What words are compared with: the phones that are heard without them. AlignOptions::worst_fit goes with
// them.
constexpr int kFitFrames = 2;
constexpr double kFitPenalty = 1.5;

/// How far the path's phones fall behind those that are heard without words: means of log-posteriors.
class Fits {
  public:
    Fits(const std::vector<FrameState>& path, const std::vector<float>& log_posteriors)
        : path_(path), log_posteriors_(log_posteriors), free_(heard_phones(log_posteriors, path.size())) {}
    double operator()(std::size_t begin, std::size_t end) const {
        double sum = 0;
        for (std::size_t t = begin; t < end; ++t) sum += behind(t);
        return sum / static_cast<double>(std::max<std::size_t>(end - begin, 1));
    }
    /// Of the worst part of a long pause; 0 for a short one.
    double of_pause(std::size_t begin, std::size_t end) const {
        double sum = 0, worst = 0;
        for (std::size_t t = begin; t < end; ++t) {
            sum += behind(t);
            if (t >= begin + kLongPauseFrames) sum -= behind(t - kLongPauseFrames);
            if (t + 1 >= begin + kLongPauseFrames)
                worst = std::min(worst, sum / static_cast<double>(kLongPauseFrames));
        }
        return worst;
    }

  private:
    double behind(std::size_t t) const {
        return score_of(log_posteriors_, t, path_[t].phone) - score_of(log_posteriors_, t, free_[t]);
    }

    const std::vector<FrameState>& path_;
    const std::vector<float>& log_posteriors_;
    std::vector<int> free_;
};

}  // namespace

// Phone p in its k-th frame is a state of its own, the last one stays.
std::vector<int> free_path(std::size_t frames, int min_frames, double change_penalty,
                           const FrameScores& scores_at) {
    const auto states = static_cast<std::size_t>(audio::kNumPhones * min_frames);
    const auto penalty = static_cast<float>(change_penalty);
    const auto last = static_cast<std::size_t>(min_frames - 1), count = static_cast<std::size_t>(min_frames);
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

std::vector<int> heard_phones(const std::vector<float>& log_posteriors, std::size_t frames) {
    std::array<float, audio::kNumPhones> row{};
    return free_path(frames, kFitFrames, kFitPenalty, [&](std::size_t t) {
        for (int phone = 0; phone < audio::kNumPhones; ++phone)
            row[static_cast<std::size_t>(phone)] = score_of(log_posteriors, t, phone);
        return row.data();
    });
}

PhoneTimes times_of_path(const std::vector<FrameState>& path,
                         const std::function<std::string(int word)>& word_name,
                         const std::vector<float>& log_posteriors, std::int64_t num_samples,
                         std::vector<double>* pause_fits) {
    const Fits fit(path, log_posteriors);
    PhoneTimes times;
    times.duration_s = static_cast<double>(num_samples) / corpus::kSpeechRateHz;
    std::vector<double> pauses{0};
    std::size_t word_begin = 0;
    for (std::size_t t = 0; t < path.size(); ++t) {
        if (t == 0 || path[t].state != path[t - 1].state)
            times.phones.push_back({frame_begin_s(t, num_samples), times.duration_s, path[t].phone});
        if (t > 0 && path[t].word != path[t - 1].word) word_begin = t;
        const bool last = t + 1 == path.size() || path[t + 1].word != path[t].word;
        if (!last) continue;
        const double start_s = frame_begin_s(word_begin, num_samples),
                     end_s = frame_begin_s(t + 1, num_samples);
        if (path[t].word >= 0) {
            times.words.push_back(
                {start_s, end_s, word_name(path[t].word), fit(word_begin, t + 1), path[t].word});
            pauses.push_back(0);
        } else {
            pauses.back() = fit.of_pause(word_begin, t + 1);
        }
    }
    for (std::size_t i = 0; i + 1 < times.phones.size(); ++i)
        times.phones[i].end_s = times.phones[i + 1].start_s;
    if (pause_fits) *pause_fits = std::move(pauses);
    return times;
}

}  // namespace vultus::alignment
