#include "pipeline/sound_sync.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "audio/phones.h"
#include "pipeline/frame_scores.h"

namespace vultus::pipeline {
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

/// Is r so much better than the r that it is now?
bool is_certain(double r, double now, std::size_t frames, double fps) {
    return (fisher(r) - fisher(now)) * std::sqrt(static_cast<double>(frames) / fps / kIndependent_s) >
           kCertain;
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
        return pearson(Series(said.begin(), said.end()), recording.opening);
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

/// Of recordings whose sound was moved by one amount.
int common_delay(const std::vector<const SeenAndHeard*>& recordings, int most, double fps) {
    std::size_t frames = 0;
    for (const SeenAndHeard* recording : recordings) frames += recording->opening.size();
    if (static_cast<double>(frames) < kTellsItself_s * fps) return 0;
    int best = 0;
    double best_r = 0, now = 0;
    for (int delay = -most; delay <= most; ++delay) {
        const double r =
            OpeningByVisemes(recordings, std::vector<int>(recordings.size(), delay), /*reach=*/0).r();
        if (delay == 0) now = r;
        if (r > best_r) {
            best_r = r;
            best = delay;
        }
    }
    // By how much lips are ahead of their sound differs between people, by some 20 ms.
    return std::abs(best) >= 0.06 * fps && is_certain(best_r, now, frames, fps) ? best : 0;
}

/// Each against all; delays are what is known so far.
void compare(const std::vector<const SeenAndHeard*>& recordings, int most, double fps,
             std::vector<int>& delays) {
    const int common = delays.front();
    for (int round = 0; round < kRounds; ++round) {
        const OpeningByVisemes usual(recordings, delays, static_cast<int>(std::lround(kReach_s * fps)));
        for (std::size_t i = 0; i < recordings.size(); ++i) {
            const double now = usual.r(*recordings[i], common);
            int best = common;
            double best_r = now;
            for (int delay = -most; delay <= most; ++delay)
                if (const double r = usual.r(*recordings[i], delay); r > best_r) {
                    best_r = r;
                    best = delay;
                }
            delays[i] = is_certain(best_r, now, recordings[i]->opening.size(), fps) ? best : common;
        }
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
                std::clamp<std::int64_t>(std::llround(seconds * kPosteriorRateHz), 0, heard - 1);
            for (int phone = 0; phone < audio::kNumPhones; ++phone)
                visemes[static_cast<std::size_t>(t * audio::kNumVisemes + audio::viseme_of(phone))] +=
                    std::exp(log_posteriors[static_cast<std::size_t>(k * audio::kNumPhones + phone)]) /
                    kParts;
        }
    return visemes;
}

std::vector<int> sound_delays_frames(const std::vector<SeenAndHeard>& recordings, double fps) {
    const int most = static_cast<int>(kMostDelay_s * fps);
    std::vector<int> delays(recordings.size(), 0);
    std::vector<const SeenAndHeard*> brief;
    std::vector<std::size_t> brief_at;
    double brief_frames = 0;
    for (std::size_t i = 0; i < recordings.size(); ++i) {
        const auto frames = static_cast<double>(recordings[i].opening.size());
        if (frames >= kTellsItself_s * fps) {
            delays[i] = common_delay({&recordings[i]}, most, fps);
        } else if (frames > 2.0 * most) {
            brief.push_back(&recordings[i]);
            brief_at.push_back(i);
            brief_frames += frames;
        }
    }
    std::vector<int> of_brief(brief.size(), common_delay(brief, most, fps));
    if (brief_frames >= kCompared_s * fps) compare(brief, most, fps, of_brief);
    for (std::size_t k = 0; k < brief.size(); ++k) delays[brief_at[k]] = of_brief[k];
    return delays;
}

}  // namespace vultus::pipeline
