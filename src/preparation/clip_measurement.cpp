#include "preparation/clip_measurement.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/cancel.h"
#include "base/error.h"
#include "media/audio_reader.h"
#include "media/video_reader.h"
#include "tensor/archive.h"

namespace vultus::preparation {
namespace {

constexpr int kMeasureVersion = 1;
constexpr int kBlocksAcross = 40;          // of the image, for `change`
constexpr double kMaxDamagedShare = 0.02;  // of the images
constexpr double kMinDecodedShare = 0.9;   // of the length the container claims
constexpr double kMinSoundShare = 0.8;     // of the images' length
constexpr int kSilentPeak = 8;             // of 32767: a microphone that was on is louder
constexpr double kMinFaceWidthPx = 40;

/// Block means of the image, [rows, kBlocksAcross, 3].
std::vector<float> block_means(const media::Image& image) {
    const int rows = std::max(1, kBlocksAcross * image.height / image.width);
    std::vector<float> means(std::size_t{3} * rows * kBlocksAcross);
    for (int by = 0; by < rows; ++by) {
        const int y0 = by * image.height / rows, y1 = std::max(y0 + 1, (by + 1) * image.height / rows);
        for (int bx = 0; bx < kBlocksAcross; ++bx) {
            const int x0 = bx * image.width / kBlocksAcross;
            const int x1 = std::max(x0 + 1, (bx + 1) * image.width / kBlocksAcross);
            int sum[3] = {};
            for (int y = y0; y < y1; ++y) {
                const std::uint8_t* p = image.pixel(x0, y);
                for (int x = x0; x < x1; ++x, p += 3) {
                    for (int c = 0; c < 3; ++c) sum[c] += p[c];
                }
            }
            float* out = &means[std::size_t{3} * (by * kBlocksAcross + bx)];
            for (int c = 0; c < 3; ++c) out[c] = static_cast<float>(sum[c]) / ((y1 - y0) * (x1 - x0));
        }
    }
    return means;
}

/// Nearest-area reduction to kMedianSidePx; contact sheets and colour statistics need no better.
media::Image shrink(const media::Image& image) {
    const double scale =
        std::max(1.0, static_cast<double>(std::max(image.width, image.height)) / kMedianSidePx);
    media::Image out(std::max(1, static_cast<int>(image.width / scale)),
                     std::max(1, static_cast<int>(image.height / scale)));
    for (int y = 0; y < out.height; ++y) {
        const int y0 = y * image.height / out.height,
                  y1 = std::max(y0 + 1, (y + 1) * image.height / out.height);
        for (int x = 0; x < out.width; ++x) {
            const int x0 = x * image.width / out.width,
                      x1 = std::max(x0 + 1, (x + 1) * image.width / out.width);
            for (int c = 0; c < 3; ++c) {
                int sum = 0;
                for (int sy = y0; sy < y1; ++sy) {
                    for (int sx = x0; sx < x1; ++sx) sum += image.pixel(sx, sy)[c];
                }
                out.pixel(x, y)[c] = static_cast<std::uint8_t>(sum / ((y1 - y0) * (x1 - x0)));
            }
        }
    }
    return out;
}

/// Frames without a face repeat the landmarks of the nearest frame before (else after) that has one.
void fill_gaps(ClipMeasurement& clip) {
    const int n = clip.num_frames();
    const auto copy = [&](int from, int to) {
        std::copy_n(clip.landmarks_px.begin() + 136 * from, 136, clip.landmarks_px.begin() + 136 * to);
    };
    int first = 0;
    while (first < n && !clip.valid[first]) ++first;
    if (first == n) return;
    for (int i = 0; i < first; ++i) copy(first, i);
    for (int i = first + 1; i < n; ++i) {
        if (!clip.valid[i]) copy(i - 1, i);
    }
}

void read_pictures(ClipMeasurement& clip, face::FaceTracker& tracker, const std::function<void()>& tick) {
    media::VideoReader reader(clip.source, {clip.fps_num, clip.fps_den, 1});
    clip.width = reader.width();
    clip.height = reader.height();
    AppearanceMeter meter;
    media::Image image;
    tracker.reset();
    int last_confirmed = 0;
    while (reader.read(image)) {
        throw_if_cancelled();
        const face::FaceObservation seen = tracker.observe(image);
        const int index = clip.num_frames();
        // The track ran on without a face since the detector last saw one: those frames cannot be trusted.
        if (!seen.found)
            std::fill(clip.valid.begin() + std::min(last_confirmed + 1, index), clip.valid.end(), 0);
        if (seen.detected || !seen.found) last_confirmed = index;
        clip.valid.push_back(seen.found && seen.num_faces == 1);
        clip.landmarks_px.insert(clip.landmarks_px.end(), seen.landmarks_px.begin(), seen.landmarks_px.end());
        meter.add(image);
        tick();
    }
    clip.median = meter.median();
    clip.change = meter.change();
    const double seconds = clip.num_frames() / reader.fps();
    if (reader.num_damaged() > std::max(1.0, kMaxDamagedShare * clip.num_frames())) {
        clip.problem = fmt::format("damaged: {} pictures do not decode", reader.num_damaged());
    } else if (seconds < kMinDecodedShare * reader.claimed_seconds() - 0.1) {
        clip.problem =
            fmt::format("cut short: {:.1f} s of {:.1f} s decode", seconds, reader.claimed_seconds());
    }
}

void read_sound(ClipMeasurement& clip) {
    const std::size_t wanted = static_cast<std::size_t>(std::llround(
        static_cast<double>(clip.num_frames()) * clip.fps_den / clip.fps_num * corpus::kSampleRateHz));
    media::AudioReader reader(clip.source, corpus::kSampleRateHz);
    std::vector<float> samples(wanted);
    const std::size_t got = reader.read(samples.data(), wanted);
    clip.audio.resize(wanted);
    int peak = 0;
    for (std::size_t i = 0; i < wanted; ++i) {
        clip.audio[i] =
            static_cast<std::int16_t>(std::lround(std::clamp(samples[i], -1.0f, 1.0f) * 32767.0f));
        peak = std::max(peak, std::abs(static_cast<int>(clip.audio[i])));
    }
    if (got < kMinSoundShare * static_cast<double>(wanted)) {
        clip.problem = fmt::format("the sound ends after {:.1f} s of {:.1f} s",
                                   static_cast<double>(got) / corpus::kSampleRateHz,
                                   static_cast<double>(wanted) / corpus::kSampleRateHz);
    } else if (peak < kSilentPeak) {
        clip.problem = "the sound is silent";
    }
}

/// Median face width: from the leftmost to the rightmost landmark.
double median_face_width_px(const ClipMeasurement& clip) {
    std::vector<float> widths;
    for (int t = 0; t < clip.num_frames(); ++t) {
        if (!clip.valid[t]) continue;
        float low = 1e9f, high = -1e9f;
        for (int k = 0; k < corpus::kNumLandmarks; ++k) {
            low = std::min(low, clip.landmarks_px[136 * t + 2 * k]);
            high = std::max(high, clip.landmarks_px[136 * t + 2 * k]);
        }
        widths.push_back(high - low);
    }
    if (widths.empty()) return 0;
    std::nth_element(widths.begin(), widths.begin() + widths.size() / 2, widths.end());
    return widths[widths.size() / 2];
}

void judge_face(ClipMeasurement& clip) {
    if (clip.num_valid() == 0) {
        clip.problem = "no frame shows exactly one clear face";
    } else if (const double width = median_face_width_px(clip); width < kMinFaceWidthPx) {
        clip.problem =
            fmt::format("the face is only {:.0f} px wide, expected at least {:.0f}", width, kMinFaceWidthPx);
    }
}

/// Error texts name module and file; reports name the file already.
std::string short_reason(const std::string& text, const std::filesystem::path& source) {
    const std::string prefix = fmt::format("[media] {}: ", source.string());
    return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text;
}

}  // namespace

int ClipMeasurement::num_valid() const { return static_cast<int>(std::count(valid.begin(), valid.end(), 1)); }

void AppearanceMeter::add(const media::Image& image) {
    std::vector<float> means = block_means(image);
    double change = 0;
    if (previous_.size() == means.size()) {
        for (std::size_t i = 0; i < means.size(); ++i) change += std::abs(means[i] - previous_[i]);
        change /= static_cast<double>(means.size());
    }
    change_.push_back(static_cast<float>(change));
    previous_ = std::move(means);
    if (seen_++ % stride_ != 0) return;
    samples_.push_back(shrink(image));
    if (samples_.size() < kMaxSamples) return;
    // Full: keep every second one and take half as many from here on.
    for (std::size_t i = 0; i < kMaxSamples / 2; ++i) std::swap(samples_[i], samples_[2 * i]);
    samples_.resize(kMaxSamples / 2);
    stride_ *= 2;
}

media::Image AppearanceMeter::median() const {
    if (samples_.empty()) return {};
    media::Image out(samples_[0].width, samples_[0].height);
    std::vector<std::uint8_t> values(samples_.size());
    for (std::size_t i = 0; i < out.rgb.size(); ++i) {
        for (std::size_t k = 0; k < samples_.size(); ++k) values[k] = samples_[k].rgb[i];
        std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
        out.rgb[i] = values[values.size() / 2];
    }
    return out;
}

ClipMeasurement measure_clip(const std::filesystem::path& source, int fps_num, int fps_den,
                             face::FaceTracker& tracker, const std::function<void()>& tick) {
    ClipMeasurement clip;
    clip.name = source.stem().string();
    clip.source = source;
    clip.fps_num = fps_num;
    clip.fps_den = fps_den;
    try {
        read_pictures(clip, tracker, tick);
        fill_gaps(clip);
        if (clip.problem.empty()) judge_face(clip);
        if (clip.problem.empty()) read_sound(clip);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kInternal) throw;
        clip.problem = short_reason(error.what(), source);
    }
    return clip;
}

std::string measurement_key(const std::filesystem::path& source, int fps_num, int fps_den) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(source, ignored);
    const auto time = std::filesystem::last_write_time(source, ignored).time_since_epoch();
    return fmt::format("{}|{}|{}|{}/{}|{}",
                       std::filesystem::absolute(source, ignored).lexically_normal().string(), size,
                       std::chrono::duration_cast<std::chrono::milliseconds>(time).count(), fps_num, fps_den,
                       kMeasureVersion);
}

void save_measurement(const std::filesystem::path& path, const std::string& key,
                      const ClipMeasurement& clip) {
    const std::int64_t frames = clip.num_frames();
    Archive archive;
    archive.metadata = {{"key", key}, {"problem", clip.problem}};
    archive.tensors["landmarks_px"] = HostTensor::from_f32({frames, 68, 2}, clip.landmarks_px);
    archive.tensors["valid"] = HostTensor::from_u8({frames}, clip.valid);
    archive.tensors["change"] =
        HostTensor::from_f32({static_cast<std::int64_t>(clip.change.size())}, clip.change);
    archive.tensors["audio"] =
        HostTensor::from_i16({static_cast<std::int64_t>(clip.audio.size())}, clip.audio);
    archive.tensors["median"] =
        HostTensor::from_u8({clip.median.height, clip.median.width, 3}, clip.median.rgb);
    archive.tensors["size_px"] = HostTensor::from_f32(
        {2}, std::vector<float>{static_cast<float>(clip.width), static_cast<float>(clip.height)});
    save_archive(path, archive);
}

bool load_measurement(const std::filesystem::path& path, const std::string& key, ClipMeasurement& clip) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return false;
    try {
        const Archive archive = load_archive(path);
        const auto found = archive.metadata.find("key");
        if (found == archive.metadata.end() || found->second != key) return false;
        const HostTensor& valid = archive.at("valid");
        const HostTensor& audio = archive.at("audio");
        const HostTensor& median = archive.at("median");
        clip.problem = archive.metadata.at("problem");
        clip.landmarks_px = archive.at("landmarks_px").to_f32();
        clip.change = archive.at("change").to_f32();
        clip.valid.assign(valid.as<std::uint8_t>(), valid.as<std::uint8_t>() + valid.size());
        clip.audio.assign(audio.as<std::int16_t>(), audio.as<std::int16_t>() + audio.size());
        clip.median.height = static_cast<int>(median.shape.at(0));
        clip.median.width = static_cast<int>(median.shape.at(1));
        clip.median.rgb.assign(median.as<std::uint8_t>(), median.as<std::uint8_t>() + median.size());
        const std::vector<float> size = archive.at("size_px").to_f32();
        clip.width = static_cast<int>(size.at(0));
        clip.height = static_cast<int>(size.at(1));
        return clip.landmarks_px.size() == 136 * clip.valid.size() && clip.change.size() == clip.valid.size();
    } catch (const std::exception&) {
        return false;  // a damaged leftover of an earlier run: measured again
    }
}

}  // namespace vultus::preparation
