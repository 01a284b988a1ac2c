#include "audio/log_mel.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::audio {
namespace {

constexpr double kLinearHzPerMel = 200.0 / 3.0;
constexpr double kLogStartHz = 1000.0;
constexpr double kLogStartMel = kLogStartHz / kLinearHzPerMel;
const double kLogStep = std::log(6.4) / 27.0;

double mel_from_hz(double hz) {
    return hz < kLogStartHz ? hz / kLinearHzPerMel : kLogStartMel + std::log(hz / kLogStartHz) / kLogStep;
}

double hz_from_mel(double mel) {
    return mel < kLogStartMel ? mel * kLinearHzPerMel
                              : kLogStartHz * std::exp((mel - kLogStartMel) * kLogStep);
}

const LogMelOptions& checked(const LogMelOptions& options) {
    const bool ok = options.sample_rate_hz > 0 && options.window_samples > 0 && options.hop_samples > 0 &&
                    options.window_samples <= options.fft_size && options.num_mels > 0 &&
                    options.low_hz >= 0 && options.low_hz < options.high_hz &&
                    options.high_hz <= options.sample_rate_hz / 2.0 && options.floor > 0;
    if (!ok)
        fail(ErrorCode::kInvalidArgument,
             "[audio] log-mel: window {} and hop {} samples, transform {}, {} mels of {} to {} Hz at {} Hz "
             "make no sense",
             options.window_samples, options.hop_samples, options.fft_size, options.num_mels, options.low_hz,
             options.high_hz, options.sample_rate_hz);
    return options;
}

}  // namespace

double mel_band_of(double hz, const LogMelOptions& options) {
    const double low = mel_from_hz(options.low_hz), high = mel_from_hz(options.high_hz);
    const double band = (mel_from_hz(hz) - low) / (high - low) * (options.num_mels + 1) - 1;
    return std::clamp(band, 0.0, static_cast<double>(options.num_mels - 1));
}

std::int64_t num_log_mel_frames(std::int64_t num_samples, const LogMelOptions& options) {
    return (num_samples + options.hop_samples - 1) / options.hop_samples;
}

std::vector<LogMelStream::Triangle> LogMelStream::make_triangles(const LogMelOptions& options) {
    const double low = mel_from_hz(options.low_hz), high = mel_from_hz(options.high_hz);
    const auto edge_hz = [&](int i) { return hz_from_mel(low + (high - low) * i / (options.num_mels + 1)); };
    std::vector<Triangle> triangles(options.num_mels);
    for (int m = 0; m < options.num_mels; ++m) {
        const double left = edge_hz(m), centre = edge_hz(m + 1), right = edge_hz(m + 2);
        for (int bin = 0; bin <= options.fft_size / 2; ++bin) {
            const double hz = static_cast<double>(bin) * options.sample_rate_hz / options.fft_size;
            const double weight = std::min((hz - left) / (centre - left), (right - hz) / (right - centre));
            if (weight <= 0) continue;
            if (triangles[m].weights.empty()) triangles[m].first_bin = bin;
            triangles[m].weights.push_back(static_cast<float>(weight));
        }
    }
    return triangles;
}

LogMelStream::LogMelStream(const LogMelOptions& options)
    : options_(checked(options)), fft_(options.fft_size), triangles_(make_triangles(options)) {
    window_.resize(options_.window_samples);
    for (int i = 0; i < options_.window_samples; ++i)
        window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(2.0 * M_PI * i / options_.window_samples));
    frame_.assign(options_.fft_size, 0.0f);
    power_.resize(fft_.num_bins());
    spectrum_.resize(fft_.num_bins());
    reset();
}

void LogMelStream::reset() {
    pending_.assign(options_.window_samples / 2, 0.0f);
    num_samples_ = num_frames_ = 0;
}

void LogMelStream::emit_frame(const float* samples, std::vector<float>& out) {
    for (int i = 0; i < options_.window_samples; ++i) frame_[i] = samples[i] * window_[i];
    fft_.forward(frame_.data(), spectrum_.data());
    for (int bin = 0; bin < fft_.num_bins(); ++bin) power_[bin] = std::norm(spectrum_[bin]);
    for (const Triangle& triangle : triangles_) {
        float sum = options_.floor;
        for (std::size_t i = 0; i < triangle.weights.size(); ++i)
            sum += triangle.weights[i] * power_[triangle.first_bin + i];
        out.push_back(std::log(sum));
    }
    ++num_frames_;
}

void LogMelStream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    const std::size_t hop = options_.hop_samples;
    const std::size_t needed = std::max<std::size_t>(options_.window_samples, hop);
    num_samples_ += num_samples;
    while (num_samples > 0) {
        // A bounded piece at a time keeps the memory constant however much is pushed at once.
        const std::int64_t piece = std::min<std::int64_t>(num_samples, 1 << 14);
        pending_.insert(pending_.end(), audio, audio + piece);
        audio += piece;
        num_samples -= piece;
        std::size_t start = 0;
        for (; pending_.size() - start >= needed; start += hop) emit_frame(pending_.data() + start, out);
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(start));
    }
}

void LogMelStream::finish(std::vector<float>& out) {
    const std::int64_t left = num_log_mel_frames(num_samples_, options_) - num_frames_;
    const std::size_t hop = options_.hop_samples;
    pending_.resize(std::max<std::size_t>(pending_.size(), left * hop + options_.window_samples), 0.0f);
    for (std::int64_t i = 0; i < left; ++i) emit_frame(pending_.data() + i * hop, out);
    reset();
}

std::vector<float> log_mel(const float* audio, std::int64_t num_samples, const LogMelOptions& options) {
    LogMelStream stream(options);
    std::vector<float> out;
    out.reserve(static_cast<std::size_t>(num_log_mel_frames(num_samples, options)) * options.num_mels);
    stream.push(audio, num_samples, out);
    stream.finish(out);
    return out;
}

}  // namespace vultus::audio
