// What a WAV file says of itself, where FFmpeg keeps it to itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vultus::media {

struct WavHeader {
    std::uint64_t data_offset = 0;            ///< of the samples in the file
    std::optional<std::uint64_t> data_bytes;  ///< of the samples; none where the writer did not know
    std::uint32_t bytes_per_second = 0, rate_hz = 0;
    int channels = 0, bits = 0;
    int tag = 0;  ///< 1: integers, 3: floats, 6: A-law, 7: mu-law
};

/// FFmpeg's name of uncompressed samples ("s16le"); null for others.
const char* sample_format(const WavHeader& header);

/// Of RIFF WAV whose samples begin within `head`, the first bytes of a file; else none.
std::optional<WavHeader> read_wav_header(std::string_view head);

}  // namespace vultus::media
