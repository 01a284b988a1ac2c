#include "speech_data/wav_file.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/output_file.h"

namespace vultus::speech_data {
namespace {

template <typename T>
T value_at(const std::string& bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

}  // namespace

WavFile read_wav(const std::filesystem::path& path) {
    const std::string bytes = read_file(path);
    const auto refuse = [&] {
        fail(ErrorCode::kCorruptData, "[speech_data] {}: expected a WAV file with 16-bit mono sound",
             path.string());
    };
    if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0) refuse();
    WavFile wav;
    for (std::size_t at = 12; at + 8 <= bytes.size();) {
        const std::size_t size =
            std::min<std::size_t>(value_at<std::uint32_t>(bytes, at + 4), bytes.size() - at - 8);
        const std::size_t data = at + 8;
        if (bytes.compare(at, 4, "fmt ") == 0 && size >= 16) {
            if (value_at<std::uint16_t>(bytes, data) != 1 || value_at<std::uint16_t>(bytes, data + 2) != 1 ||
                value_at<std::uint16_t>(bytes, data + 14) != 16)
                refuse();
            wav.rate_hz = static_cast<int>(value_at<std::uint32_t>(bytes, data + 4));
        } else if (bytes.compare(at, 4, "data") == 0) {
            for (std::size_t i = 0; i + 1 < size; i += 2)
                wav.audio.push_back(static_cast<float>(value_at<std::int16_t>(bytes, data + i)) / 32768.0f);
        }
        at = data + size + size % 2;
    }
    if (wav.rate_hz <= 0) refuse();
    return wav;
}

}  // namespace vultus::speech_data
