#include "media/wav_header.h"

namespace vultus::media {
namespace {

// Writers into a pipe put 0, the largest number or one near it.
constexpr std::uint32_t kLargestKnown = 0x7FF00000;

constexpr int kExtensible = 0xFFFE;  ///< the tag follows later

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count = 4) {
    std::uint32_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

void read_format(std::string_view chunk, WavHeader& header) {
    if (chunk.size() < 16) return;
    header.tag = static_cast<int>(little_endian(chunk, 0, 2));
    header.channels = static_cast<int>(little_endian(chunk, 2, 2));
    header.rate_hz = little_endian(chunk, 4);
    header.bytes_per_second = little_endian(chunk, 8);
    header.bits = static_cast<int>(little_endian(chunk, 14, 2));
    if (header.tag == kExtensible && chunk.size() >= 26)
        header.tag = static_cast<int>(little_endian(chunk, 24, 2));
}

}  // namespace

std::optional<WavHeader> read_wav_header(std::string_view head) {
    if (head.size() < 12 || head.substr(0, 4) != "RIFF" || head.substr(8, 4) != "WAVE") return std::nullopt;
    WavHeader header;
    for (std::uint64_t at = 12; at + 8 <= head.size();) {
        const std::string_view id = head.substr(at, 4);
        const std::uint32_t size = little_endian(head, at + 4);
        if (id == "fmt ") read_format(head.substr(at + 8, size), header);
        if (id == "data") {
            header.data_offset = at + 8;
            if (size > 0 && size < kLargestKnown) header.data_bytes = size;
            return header;
        }
        at += 8 + std::uint64_t{size} + size % 2;
    }
    return std::nullopt;
}

const char* sample_format(const WavHeader& header) {
    if (header.channels < 1 || header.rate_hz == 0) return nullptr;
    switch (header.tag << 8 | header.bits) {
        case 0x108:
            return "u8";
        case 0x110:
            return "s16le";
        case 0x118:
            return "s24le";
        case 0x120:
            return "s32le";
        case 0x320:
            return "f32le";
        case 0x340:
            return "f64le";
        case 0x608:
            return "alaw";
        case 0x708:
            return "mulaw";
        default:
            return nullptr;
    }
}

}  // namespace vultus::media
