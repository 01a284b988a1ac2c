#include "evaluation/lip_calibration.h"

#include <fmt/format.h>

#include <cmath>
#include <opencv2/core.hpp>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "evaluation/eval_measure.h"
#include "evaluation/steadiness.h"
#include "speaking/latent_stream.h"
#include "speaking/talker.h"

namespace vultus::evaluation {
namespace {

constexpr double kRidge = 0.02;  ///< of the number of frames: latents have variance 1
constexpr double kLeastR = 0.6, kMostWanted = 2, kMostChange = 0.35;
constexpr int kRounds = 2, kBlinkRounds = 2;
constexpr std::size_t kBlinkClips = 6, kBlinkFrames = 4;  ///< of each clip
constexpr double kNearlyClosed = 1.05;                    ///< of the least that is seen of the eyes
constexpr double kMostLost = 0.2;                         ///< of the drawn frames, without a face

cv::Mat matrix_of(const std::vector<float>& values, int columns) {
    cv::Mat out;
    cv::Mat(static_cast<int>(values.size()) / columns, columns, CV_32F, const_cast<float*>(values.data()))
        .convertTo(out, CV_64F);
    return out;
}

std::vector<float> values_of(const cv::Mat& matrix) {
    cv::Mat out;
    matrix.convertTo(out, CV_32F);
    return {out.ptr<float>(), out.ptr<float>() + out.total()};
}

double correlation(const cv::Mat& a, const cv::Mat& b) {
    const double norm = std::sqrt(a.dot(a) * b.dot(b));
    return norm > 1e-12 ? a.dot(b) / norm : 0;
}

/// Latents and drawn lips of some clips, each about the means of its clip.
struct DrawnClips {
    std::vector<float> latents, lips;
    std::int64_t frames = 0, lost = 0;
};

void append_centred(const std::vector<float>& rows, std::size_t columns, std::vector<float>& out) {
    const std::size_t count = rows.size() / columns;
    std::vector<double> mean(columns, 0);
    for (std::size_t i = 0; i < rows.size(); ++i) mean[i % columns] += rows[i] / static_cast<double>(count);
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back(static_cast<float>(rows[i] - mean[i % columns]));
}

/// Drawn with closed eyes against open ones, means over some frames.
struct BlinkEffect {
    double openness = 0;                  ///< of the eyes, in parts of open ones'
    std::array<double, 2> lips = {0, 0};  ///< what opening and width gain
};

class Calibrator {
  public:
    Calibrator(const person::Person& person, const corpus::Corpus& corpus, const LandmarkFactory& landmarks,
               const CalibrationOptions& options, Progress& progress)
        : talker_(person, {options.num_threads, 0, -1}),
          stats_(talker_.person().stats),
          corpus_(corpus),
          landmarks_(landmarks),
          progress_(progress),
          image_{talker_.size_px(), talker_.size_px()} {}

    DrawnClips draw(const std::vector<const corpus::Clip*>& clips, std::int64_t most_frames,
                    std::int64_t& done);
    /// By so much of `direction`.
    BlinkEffect blink_effect(const std::vector<const corpus::Clip*>& clips,
                             const std::vector<float>& direction, float peak);

  private:
    std::vector<float> latents_of(const corpus::Clip& clip);
    void show(const float* latent, VideoMeter& meter);
    VideoMeasure with_and_without(const corpus::Clip& clip, const std::vector<float>& direction, float peak);

    speaking::Talker talker_;
    const person::Stats& stats_;
    const corpus::Corpus& corpus_;
    const LandmarkFactory& landmarks_;
    Progress& progress_;
    media::Image image_;
};

std::vector<float> Calibrator::latents_of(const corpus::Clip& clip) {
    speaking::PoseOptions pose;
    pose.blinks = false;
    return talker_.latents_from_speech(corpus::load_tracks(corpus_, clip).sound(), clip.num_frames, pose);
}

void Calibrator::show(const float* latent, VideoMeter& meter) {
    throw_if_cancelled();
    talker_.decode(latent, image_.rgb.data());
    meter.add(image_, metrics::luma(image_), image_);
}

/// Of each clip at most so many frames, the first.
DrawnClips Calibrator::draw(const std::vector<const corpus::Clip*>& clips, std::int64_t most_frames,
                            std::int64_t& done) {
    DrawnClips out;
    const auto width = static_cast<std::size_t>(talker_.latent_dim());
    for (const corpus::Clip* clip : clips) {
        const std::int64_t frames = std::min<std::int64_t>(clip->num_frames, most_frames);
        std::vector<float> latents = latents_of(*clip);
        latents.resize(static_cast<std::size_t>(frames) * width);
        VideoMeter meter(landmarks_(), measured_frame(corpus_, corpus_.session_of(*clip), talker_.size_px()));
        for (std::int64_t t = 0; t < frames; ++t) {
            show(&latents[static_cast<std::size_t>(t) * width], meter);
            progress_.update(++done);
        }
        const VideoMeasure measure = meter.finish();
        out.frames += frames;
        out.lost += measure.lost_frames;
        if (measure.lost_frames > 0) continue;  // its lips are a guess
        for (std::size_t i = 0; i < latents.size(); ++i)
            latents[i] = (latents[i] - stats_.latent_mean[i % width]) / stats_.latent_std[i % width];
        append_centred(latents, width, out.latents);
        std::vector<float> lips;
        for (std::size_t t = 0; t < measure.lips.opening.size(); ++t) {
            lips.push_back(measure.lips.opening[t]);
            lips.push_back(measure.lips.width[t]);
        }
        append_centred(lips, 2, out.lips);
    }
    return out;
}

/// Each frame is shown with open and with closed eyes in turn; the distance of the eyes, which is the unit,
/// is the median over all.
VideoMeasure Calibrator::with_and_without(const corpus::Clip& clip, const std::vector<float>& direction,
                                          float peak) {
    const auto width = static_cast<std::size_t>(talker_.latent_dim());
    const std::vector<float> latents = latents_of(clip);
    VideoMeter meter(landmarks_(), measured_frame(corpus_, corpus_.session_of(clip), talker_.size_px()));
    for (std::size_t i = 0; i < kBlinkFrames; ++i) {
        const std::size_t frame =
            (2 * i + 1) * static_cast<std::size_t>(clip.num_frames) / (2 * kBlinkFrames);
        std::vector<float> latent(&latents[frame * width], &latents[frame * width] + width);
        show(latent.data(), meter);
        for (std::size_t k = 0; k < width; ++k) latent[k] += peak * direction[k] * stats_.latent_std[k];
        if (talker_.person().model.encoder.normalise) speaking::normalise(latent.data(), width);
        show(latent.data(), meter);
    }
    return meter.finish();
}

BlinkEffect Calibrator::blink_effect(const std::vector<const corpus::Clip*>& clips,
                                     const std::vector<float>& direction, float peak) {
    BlinkEffect effect;
    double open = 0, closed = 0, pairs = 0;
    for (const corpus::Clip* clip : clips) {
        const VideoMeasure measure = with_and_without(*clip, direction, peak);
        if (measure.lost_frames > 0) continue;
        for (std::size_t i = 0; i + 1 < measure.eyes.size(); i += 2) {
            open += measure.eyes[i];
            closed += measure.eyes[i + 1];
            effect.lips[0] += measure.lips.opening[i + 1] - measure.lips.opening[i];
            effect.lips[1] += measure.lips.width[i + 1] - measure.lips.width[i];
            ++pairs;
        }
    }
    for (double& gain : effect.lips) gain /= std::max(1.0, pairs);
    effect.openness = open > 0 ? closed / open : 1;
    return effect;
}

/// Gives blinks their strength, then takes from them what they do to the lips.
void calibrate_blinks(person::Person& person, const LipCorrection& lips,
                      const std::vector<const corpus::Clip*>& clips, Calibrator& calibrator) {
    std::vector<float>&shape = person.stats.blink_shape, &direction = person.stats.blink_direction;
    if (direction.empty() || shape.empty()) return;
    const float before = *std::max_element(shape.begin(), shape.end());
    if (!(before > 0)) return;
    std::vector<const corpus::Clip*> some;
    for (std::size_t i = 0; i < std::min(kBlinkClips, clips.size()); ++i)
        some.push_back(clips[i * clips.size() / std::min(kBlinkClips, clips.size())]);
    const std::vector<float> peaks = {0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1.0f};
    std::vector<double> openness;
    for (const float peak : peaks)
        openness.push_back(calibrator.blink_effect(some, direction, peak).openness);
    const float peak = least_that_closes(peaks, openness);
    for (float& value : shape) value *= peak / before;
    for (int round = 0; round < kBlinkRounds; ++round) {
        const std::array<double, 2> effect = calibrator.blink_effect(some, direction, peak).lips;
        for (std::size_t k = 0; k < direction.size(); ++k)
            direction[k] -= static_cast<float>(
                (lips.from_lips[2 * k] * effect[0] + lips.from_lips[2 * k + 1] * effect[1]) / peak);
    }
}

/// Evenly spread, every round others.
std::vector<std::vector<const corpus::Clip*>> clips_of_rounds(const corpus::Corpus& corpus,
                                                              std::int64_t frames_per_round) {
    const auto clips = corpus.kept(corpus::Split::kTrain);
    std::int64_t total = 0;
    for (const corpus::Clip* clip : clips) total += clip->num_frames;
    const auto stride = static_cast<std::size_t>(
        std::max<std::int64_t>(1, total / std::max<std::int64_t>(1, frames_per_round)));
    std::vector<std::vector<const corpus::Clip*>> rounds(kRounds);
    for (std::size_t round = 0; round < kRounds; ++round)
        for (std::size_t i = round * stride / kRounds % clips.size(); i < clips.size(); i += stride)
            rounds[round].push_back(clips[i]);
    return rounds;
}

void check(const person::Person& person, const corpus::Corpus& corpus) {
    if (!person.can_speak())
        fail(ErrorCode::kUnsupported,
             "[calibrate] this person has learnt pictures but no speech yet: finish its training");
    if (person.stats.lip_probe.empty())
        fail(ErrorCode::kUnsupported,
             "[calibrate] this person was trained before lips could be calibrated: train its speech again");
    if (std::abs(person.fps() - corpus.fps()) > 1e-6)
        fail(ErrorCode::kInvalidArgument,
             "[calibrate] expected a corpus at the person's {} frames per second, got {}", person.fps(),
             corpus.fps());
    if (corpus.kept(corpus::Split::kTrain).empty())
        fail(ErrorCode::kInvalidArgument, "[calibrate] {}: expected training clips, the corpus has none",
             corpus.folder.string());
}

}  // namespace

float least_that_closes(const std::vector<float>& peaks, const std::vector<double>& openness) {
    require(!peaks.empty() && peaks.size() == openness.size(), "[calibrate] {} peaks, {} measured",
            peaks.size(), openness.size());
    const double least = *std::min_element(openness.begin(), openness.end());
    const auto enough = std::find_if(openness.begin(), openness.end(),
                                     [&](double seen) { return seen <= kNearlyClosed * least; });
    return peaks[static_cast<std::size_t>(enough - openness.begin())];
}

bool LipCorrection::can_be_trusted() const {
    return fit_r[0] >= kLeastR && fit_r[1] >= kLeastR && wanted <= kMostWanted;
}

LipCorrection correct_lips(const std::vector<float>& latents, const std::vector<float>& drawn,
                           const std::vector<float>& probe) {
    const int width = static_cast<int>(probe.size() / 2);
    const cv::Mat z = matrix_of(latents, width), lips = matrix_of(drawn, 2), meant = matrix_of(probe, 2);
    require(z.rows == lips.rows && z.rows > 0, "[calibrate] {} latents, {} lips", z.rows, lips.rows);
    const cv::Mat gram = z.t() * z;
    const cv::Mat ridge = gram + kRidge * z.rows * cv::Mat::eye(width, width, CV_64F);
    cv::Mat p, inverse;
    cv::solve(ridge, z.t() * lips, p, cv::DECOMP_CHOLESKY);
    const cv::Mat along = gram * p, moved = p.t() * along;
    const cv::Mat floor = 1e-9 * (cv::trace(moved)[0] + 1e-9) * cv::Mat::eye(2, 2, CV_64F);
    cv::invert(moved + floor, inverse);
    const cv::Mat from_lips = along * inverse;
    cv::Mat added = from_lips.col(1) * (meant.col(1) - p.col(1)).t();
    const double wanted = cv::norm(z * added.t()) / std::max(1e-12, cv::norm(z));
    added *= std::min(1.0, kMostChange / std::max(1e-12, wanted));

    LipCorrection out;
    out.drawn_probe = values_of(p);
    out.from_lips = values_of(from_lips);
    out.matrix = values_of(cv::Mat::eye(width, width, CV_64F) + added);
    const cv::Mat fit = z * p, read = z * meant;
    for (int k = 0; k < 2; ++k) {
        out.fit_r[k] = correlation(fit.col(k), lips.col(k));
        out.meant_r[k] = correlation(read.col(k), lips.col(k));
    }
    out.wanted = wanted;
    return out;
}

void apply(const LipCorrection& correction, person::Person& person) {
    const int width = static_cast<int>(correction.drawn_probe.size() / 2);
    const cv::Mat matrix = matrix_of(correction.matrix, width);
    // All that adds up to the latents: the last layer and, where there is one, the linear path beside it.
    for (auto& [name, tensor] : person.weights.tensors) {
        if (!name.starts_with("speech.out.")) continue;
        const std::vector<float> values = tensor.to_f32();
        const cv::Mat changed = matrix * matrix_of(values, static_cast<int>(values.size()) / width);
        tensor = HostTensor::from_f32(tensor.shape, values_of(changed)).to_bf16();
    }
    person.stats.lip_probe = correction.drawn_probe;
}

Calibration calibrate_lips(person::Person person, const corpus::Corpus& corpus,
                           const LandmarkFactory& landmarks, const CalibrationOptions& options) {
    check(person, corpus);
    const auto rounds = clips_of_rounds(corpus, options.frames_per_round);
    std::int64_t total = 0, done = 0;
    for (const auto& clips : rounds)
        for (const corpus::Clip* clip : clips)
            total += std::min<std::int64_t>(clip->num_frames, options.frames_per_round);
    Progress progress("calibrate", "frames", total);
    Calibration out{person, false, ""};
    LipCorrection first, last;
    for (std::size_t round = 0; round < rounds.size(); ++round) {
        const DrawnClips drawn = Calibrator(out.person, corpus, landmarks, options, progress)
                                     .draw(rounds[round], options.frames_per_round, done);
        if (static_cast<double>(drawn.lost) > kMostLost * static_cast<double>(drawn.frames) ||
            drawn.lips.empty())
            return {std::move(person), false,
                    fmt::format("lips left as they are: no face found in {} of {} drawn frames", drawn.lost,
                                drawn.frames)};
        last = correct_lips(drawn.latents, drawn.lips, out.person.stats.lip_probe);
        if (round == 0) first = last;
        if (!last.can_be_trusted())
            return {std::move(person), false,
                    fmt::format(
                        "lips left as they are: expected what is drawn to follow the latents by r {}, got "
                        "{:.2f} (opening) and {:.2f} (width), and to need at most {:.0f} % of their size, "
                        "got {:.0f} %",
                        kLeastR, last.fit_r[0], last.fit_r[1], 100 * kMostWanted, 100 * last.wanted)};
        apply(last, out.person);
    }
    Calibrator corrected(out.person, corpus, landmarks, options, progress);
    calibrate_blinks(out.person, last, rounds[0], corrected);
    out.person.card.training["lips_calibrated_on_frames"] = total;
    out.applied = true;
    out.summary = fmt::format("lips drawn against meant: opening r {:.3f} -> {:.3f}, width {:.3f} -> {:.3f}",
                              first.meant_r[0], last.meant_r[0], first.meant_r[1], last.meant_r[1]);
    return out;
}

std::string calibrate_person(const std::filesystem::path& person, const std::filesystem::path& corpus,
                             const CalibrationOptions& options) {
    const corpus::Corpus footage = corpus::load_corpus(corpus);
    Calibration done = calibrate_lips(person::load_person(person), footage, tracked_landmarks(), options);
    steady(done.person, footage, options.num_threads);
    person::save_person(person, done.person);
    return done.summary;
}

}  // namespace vultus::evaluation
