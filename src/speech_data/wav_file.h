// 16-bit mono WAV files as synthesizers write them.
#pragma once

#include <filesystem>
#include <vector>

namespace vultus::speech_data {

struct WavFile {
    int rate_hz = 0;
    std::vector<float> audio;  ///< -1..1
};

/// Errors: kIo; kCorruptData for anything but RIFF with 16-bit mono PCM.
WavFile read_wav(const std::filesystem::path& path);

}  // namespace vultus::speech_data
