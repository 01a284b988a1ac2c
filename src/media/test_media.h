// Small synthetic recordings for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/scratch_folder.h"
#include "media/image.h"

namespace vultus::media::test {

/// A scratch folder for each of a process's tests.
struct Scratch : ScratchFolder {
    Scratch();
};

/// Smooth colours that tell index, left and up apart.
Image picture(int width, int height, int index);

struct ClipOptions {
    int num_frames = 25, width = 96, height = 64;
    int fps_num = 25, fps_den = 1;
    double audio_seconds = 0;  ///< 0: no sound
    std::string encoder = {};
};

/// image(0), image(1), ... with a 440 Hz tone; returns the encoder's name.
std::string write_clip(const std::filesystem::path& path, const ClipOptions& options);

/// image(i) shown at times_ms[i], lossless enough to tell them apart; Matroska.
void write_timed_pictures(const std::filesystem::path& path, const std::vector<std::int64_t>& times_ms,
                          int width, int height);

struct CopyOptions {
    int clockwise_degrees = 0;  ///< how the image is to be shown
    double sound_later_seconds = 0;
};

/// Copies a file's streams into another container (by extension) with these changes.
void copy_streams(const std::filesystem::path& from, const std::filesystem::path& to,
                  const CopyOptions& options);

/// 0.5 * sine.
std::vector<float> tone(std::size_t samples, int rate_hz, double hz);

/// bits: 8 (unsigned), 16 or 32 (float).
void write_wav(const std::filesystem::path& path, int rate_hz, int bits, const std::vector<float>& samples);

}  // namespace vultus::media::test
