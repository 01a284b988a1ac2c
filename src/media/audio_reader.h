// Mono sound of any file FFmpeg reads, resampled to one rate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace vultus::media {

/// Streams samples (f32, -1..1) with constant memory. Sample 0 is the start of the file's image when it has
/// one (silence is put in front or sound cut off as needed), else of the sound; codec priming is skipped.
/// The path "-" reads raw s16le mono PCM at `sample_rate_hz` from standard input.
class AudioReader {
  public:
    /// Errors: kIo when the file cannot be opened; kCorruptData when it is no media file or has no sound.
    explicit AudioReader(const std::filesystem::path& path, int sample_rate_hz = 16000);
    ~AudioReader();
    AudioReader(const AudioReader&) = delete;
    AudioReader& operator=(const AudioReader&) = delete;

    /// Writes up to `n` samples, fewer only at the end; 0 then.
    /// Errors: kCorruptData on NaN or infinite samples.
    std::size_t read(float* out, std::size_t n);

    int sample_rate_hz() const;
    /// Packets that the decoder refused, up to now.
    std::int64_t num_damaged() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;  // null when standard input is read
    int stdin_rate_hz_ = 0;
};

/// The whole sound, [N]. Errors: as AudioReader; kInvalidArgument when longer than `max_samples`.
std::vector<float> read_audio(const std::filesystem::path& path, std::size_t max_samples,
                              int sample_rate_hz = 16000);

}  // namespace vultus::media
