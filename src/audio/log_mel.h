// Log-mel spectrogram of speech, whole or in a stream, in step with the image.
#pragma once

#include <cstdint>
#include <vector>

#include "audio/fft.h"

namespace vultus::audio {

/// Mel scale after Slaney (linear below 1 kHz, logarithmic above), triangles of peak 1 without area
/// normalisation: with 80 bands even the lowest triangle spans two bins of a 512-point transform.
struct LogMelOptions {
    int sample_rate_hz = 16000;
    int window_samples = 400;  ///< 25 ms, periodic Hann
    int hop_samples = 160;     ///< 10 ms: 100 frames per second
    int fft_size = 512;
    int num_mels = 80;
    double low_hz = 60.0;  ///< below lie mains hum and rumble
    double high_hz = 7600.0;
    float floor = 1e-5f;  ///< added to the power; about -70 dB of full scale
};

/// Frames for a signal: ceil(num_samples / hop_samples).
/// The band whose centre is nearest below `hz`, with a fraction: 0..num_mels-1.
double mel_band_of(double hz, const LogMelOptions& options = {});

std::int64_t num_log_mel_frames(std::int64_t num_samples, const LogMelOptions& options = {});

/// Streaming log-mel. Frame k is centred on sample k * hop_samples (zeros before the start and after the
/// end); its values are ln(sum_bin triangle * |X|^2 + floor) with the unscaled transform X of samples in
/// -1..1. Any chunking gives the same bits. Memory does not grow with the length.
class LogMelStream {
  public:
    /// Errors: kInvalidArgument for options that make no sense.
    explicit LogMelStream(const LogMelOptions& options = {});

    /// Appends the frames that are complete after these samples to `out`, num_mels values each.
    void push(const float* audio, std::int64_t num_samples, std::vector<float>& out);
    /// Appends the last frames and starts afresh.
    void finish(std::vector<float>& out);

  private:
    /// samples: the window's first.
    void emit_frame(const float* samples, std::vector<float>& out);
    void reset();

    struct Triangle {
        int first_bin = 0;
        std::vector<float> weights;
    };
    static std::vector<Triangle> make_triangles(const LogMelOptions& options);

    LogMelOptions options_;
    RealFft fft_;
    std::vector<float> window_;
    std::vector<Triangle> triangles_;
    std::vector<float> pending_;  ///< samples from the start of the next frame's window on
    std::int64_t num_samples_ = 0, num_frames_ = 0;
    std::vector<float> frame_, power_;
    std::vector<std::complex<float>> spectrum_;
};

/// Whole signal: audio [num_samples] to [num_log_mel_frames, num_mels].
std::vector<float> log_mel(const float* audio, std::int64_t num_samples, const LogMelOptions& options = {});

}  // namespace vultus::audio
