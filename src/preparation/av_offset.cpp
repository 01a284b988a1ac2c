#include "preparation/av_offset.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "alignment/frame_scores.h"
#include "audio/phones.h"

namespace vultus::preparation {
namespace {

constexpr double kMostDelay_s = 0.35, kReach_s = 0.12;
constexpr double kTellsItself_s = 20, kCompared_s = 90;
constexpr int kRounds = 2;
/// Neighbouring frames tell much the same: one thing in so long.
constexpr double kIndependent_s = 0.12;
/// In standard errors of Fisher's z. Of 741 GRID clips eight are beyond, which a trained person's lips
/// confirm.
constexpr double kCertain = 3;

double fisher(double r) { return std::atanh(std::clamp(r, -0.999, 0.999)); }

/// The delay with the highest r_of(delay) within +-most; `now` where it is not certain to be better.
template <typename F>
int certain_delay(int now, int most, double seconds, F r_of) {
    const double r_now = r_of(now);
    int best = now;
    double best_r = r_now;
    for (int delay = -most; delay <= most; ++delay) {
        if (delay == now) continue;
        if (const double r = r_of(delay); r > best_r) {
            best_r = r;
            best = delay;
        }
    }
    return (fisher(best_r) - fisher(r_now)) * std::sqrt(seconds / kIndependent_s) > kCertain ? best : now;
}

/// Opening by visemes, by least squares: those of frames -reach..reach about a frame, and a mean for each
/// recording.
class OpeningByVisemes {
  public:
    OpeningByVisemes(const std::vector<const SeenAndHeard*>& recordings, const std::vector<int>& delays,
                     int reach)
        : reach_(reach) {
        const int size = (2 * reach + 1) * audio::kNumVisemes;
        cv::Mat1d gram = cv::Mat1d::zeros(size, size), moment = cv::Mat1d::zeros(size, 1);
        for (std::size_t i = 0; i < recordings.size(); ++i) {
            const cv::Mat1d x = centred(design(*recordings[i], delays[i]));
            const cv::Mat1d y = centred(cv::Mat1f(recordings[i]->opening));
            gram += x.t() * x;
            moment += x.t() * y;
            squares_ += y.dot(y);
        }
        // Visemes share each frame among them, so that without a ridge their weights would be free.
        const double ridge = 1e-3 * cv::trace(gram)[0] / size + 1e-9;
        cv::solve(gram + ridge * cv::Mat1d::eye(size, size), moment, weights_, cv::DECOMP_CHOLESKY);
        explained_ = 2 * weights_.dot(moment) - cv::Mat1d(weights_.t() * gram * weights_)(0, 0);
    }
    /// Correlation of what they say with what is seen, over all recordings.
    double r() const { return squares_ > 0 ? std::sqrt(std::max(0.0, explained_ / squares_)) : 0; }
    /// The same of one recording whose sound comes `delay` frames late.
    double r(const SeenAndHeard& recording, int delay) const {
        const cv::Mat1d said = design(recording, delay) * weights_;
        return metrics::pearson(metrics::Series(said.begin(), said.end()), recording.opening);
    }

  private:
    cv::Mat1d design(const SeenAndHeard& recording, int delay) const {
        const int frames = static_cast<int>(recording.opening.size());
        cv::Mat1d x(frames, (2 * reach_ + 1) * audio::kNumVisemes);
        for (int t = 0; t < frames; ++t)
            for (int k = -reach_; k <= reach_; ++k) {
                const int at = std::clamp(t + k + delay, 0, frames - 1);
                std::copy_n(&recording.visemes[static_cast<std::size_t>(at) * audio::kNumVisemes],
                            audio::kNumVisemes, x[t] + (k + reach_) * audio::kNumVisemes);
            }
        return x;
    }
    static cv::Mat1d centred(cv::Mat1d x) {
        for (int column = 0; column < x.cols; ++column) x.col(column) -= cv::mean(x.col(column))[0];
        return x;
    }

    int reach_;
    cv::Mat1d weights_;
    double squares_ = 0, explained_ = 0;
};

double seconds_of(const SeenAndHeard& recording, double fps) {
    return static_cast<double>(recording.opening.size()) / fps;
}

/// Of recordings whose sound was moved by one amount.
int common_delay(const std::vector<const SeenAndHeard*>& recordings, int most, double fps) {
    double seconds = 0;
    for (const SeenAndHeard* recording : recordings) seconds += seconds_of(*recording, fps);
    if (seconds < kTellsItself_s) return 0;
    const int best = certain_delay(0, most, seconds, [&](int delay) {
        return OpeningByVisemes(recordings, std::vector<int>(recordings.size(), delay), /*reach=*/0).r();
    });
    // By how much lips are ahead of their sound differs between people, by some 20 ms.
    return std::abs(best) >= 0.06 * fps ? best : 0;
}

/// Each against all; delays are what is known so far.
void compare(const std::vector<const SeenAndHeard*>& recordings, int most, double fps,
             std::vector<int>& delays) {
    const int common = delays.front();
    for (int round = 0; round < kRounds; ++round) {
        const OpeningByVisemes usual(recordings, delays, static_cast<int>(std::lround(kReach_s * fps)));
        for (std::size_t i = 0; i < recordings.size(); ++i)
            delays[i] = certain_delay(common, most, seconds_of(*recordings[i], fps),
                                      [&](int delay) { return usual.r(*recordings[i], delay); });
    }
}

}  // namespace

std::vector<float> visemes_per_frame(std::span<const float> log_posteriors, int num_frames, double fps) {
    constexpr int kParts = 4;
    const auto heard = static_cast<std::int64_t>(log_posteriors.size()) / audio::kNumPhones;
    std::vector<float> visemes(static_cast<std::size_t>(num_frames) * audio::kNumVisemes, 0.0f);
    for (int t = 0; heard > 0 && t < num_frames; ++t)
        for (int part = 0; part < kParts; ++part) {
            const double seconds = (t + (part + 0.5) / kParts) / fps;
            const std::int64_t k =
                std::clamp<std::int64_t>(std::llround(seconds * alignment::kPosteriorRateHz), 0, heard - 1);
            for (int phone = 0; phone < audio::kNumPhones; ++phone)
                visemes[static_cast<std::size_t>(t * audio::kNumVisemes + audio::viseme_of(phone))] +=
                    std::exp(log_posteriors[static_cast<std::size_t>(k * audio::kNumPhones + phone)]) /
                    kParts;
        }
    return visemes;
}

std::vector<int> audio_delays_frames(const std::vector<SeenAndHeard>& recordings, double fps) {
    const int most = static_cast<int>(kMostDelay_s * fps);
    std::vector<int> delays(recordings.size(), 0);
    std::vector<const SeenAndHeard*> brief;
    std::vector<std::size_t> brief_at;
    double brief_s = 0;
    for (std::size_t i = 0; i < recordings.size(); ++i) {
        const double seconds = seconds_of(recordings[i], fps);
        if (seconds >= kTellsItself_s) {
            delays[i] = common_delay({&recordings[i]}, most, fps);
        } else if (recordings[i].opening.size() > 2 * static_cast<std::size_t>(most)) {
            brief.push_back(&recordings[i]);
            brief_at.push_back(i);
            brief_s += seconds;
        }
    }
    std::vector<int> of_brief(brief.size(), common_delay(brief, most, fps));
    if (brief_s >= kCompared_s) compare(brief, most, fps, of_brief);
    for (std::size_t k = 0; k < brief.size(); ++k) delays[brief_at[k]] = of_brief[k];
    return delays;
}

}  // namespace vultus::preparation
