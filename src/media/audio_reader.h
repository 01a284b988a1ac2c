// Mono sound of any file FFmpeg reads, resampled to one rate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace vultus::media {

/// Which of two channels is heard.
enum class Channel { kMix, kLeft, kRight };

struct AudioOptions {
    int sample_rate_hz = 16000;
    std::string raw =
        {};  ///< "FORMAT:RATE_HZ:CHANNELS" of samples without a header, as s16le:16000:1; empty: probe
    Channel channel = Channel::kMix;
    int track = 0;               ///< which of several sounds, from 1 on; 0: the main one, as FFmpeg sees it
    bool strict = false;         ///< faults() are errors
    bool keep_original = false;  ///< for take_original()
    /// The path is no file but a microphone: "pulse:NAME" or "alsa:NAME", NAME as PulseAudio or ALSA calls
    /// it; "default": the usual one. Such sound ends by being cancelled, or when the device goes.
    bool microphone = false;
};

/// Streams samples (f32, -1..1) with constant memory. Sample 0 is the start of the file's image when it has
/// one (silence is put in front or sound cut off as needed), else of the sound; codec priming is skipped.
/// The path "-" is standard input, which may hold any file, as pipes may.
class AudioReader {
  public:
    /// Errors: kIo when the file or microphone cannot be opened; kCorruptData when it is no media file or has
    /// no sound; kInvalidArgument for an unknown raw format, the right one of a single channel or a track
    /// that is not there.
    explicit AudioReader(const std::filesystem::path& path, const AudioOptions& options = {});
    AudioReader(const std::filesystem::path& path, int sample_rate_hz);
    ~AudioReader();
    AudioReader(const AudioReader&) = delete;
    AudioReader& operator=(const AudioReader&) = delete;

    /// Writes up to `n` samples, fewer only at the end; 0 then.
    /// Errors: kCorruptData on NaN or infinite samples, and at the end for faults where `strict`.
    std::size_t read(float* out, std::size_t n);
    /// Writes what is there, up to `n` samples, and waits only when nothing is; 0 at the end.
    /// Errors: as read().
    std::size_t read_some(float* out, std::size_t n);

    int sample_rate_hz() const;
    /// The sound as it came, [n, original_channels()] at its own rate, in step with what read() gave; appends
    /// what is new since the last call. At most eight channels. Only with AudioOptions::keep_original.
    void take_original(std::vector<float>& out);
    int original_rate_hz() const;
    int original_channels() const;
    /// Packets that the decoder refused, up to now.
    std::int64_t num_damaged() const;
    /// At the end: what is wrong with the sound that was given, one line each.
    std::vector<std::string> faults() const;
    /// At the end, when there were no samples: the line that says why.
    std::string why_empty() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The whole sound, [N]. Errors: as AudioReader; kInvalidArgument when longer than `max_samples`.
std::vector<float> read_audio(const std::filesystem::path& path, std::size_t max_samples,
                              int sample_rate_hz = 16000);

/// The whole sound, at least one sample, and what is wrong with it (AudioReader::faults()). Errors: as above;
/// kInvalidArgument when there is none.
std::vector<float> read_speech(const std::filesystem::path& path, std::size_t max_samples,
                               const AudioOptions& options, std::vector<std::string>& faults);

}  // namespace vultus::media
