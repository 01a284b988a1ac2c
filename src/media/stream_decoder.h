// Decoded frames of one stream of a file, a pipe, or samples without a header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "media/input.h"

namespace vultus::media {

/// Samples without a header: FFmpeg's name of the format ("s16le", "f32le", "mulaw", ...).
struct RawFormat {
    std::string format;
    int rate_hz = 0, channels = 0;
};

/// Packets of one stream in, frames out: the loop every reader needs.
class StreamDecoder {
  public:
    /// raw: null unless the input has no header. track: of several streams of that type, from 1 on; 0: the
    /// main one. Errors: as Input; kCorruptData when there is no such stream; kInvalidArgument when there is
    /// no such track; kUnsupported when nothing decodes it.
    /// microphone: as AudioOptions::microphone.
    StreamDecoder(const std::filesystem::path& path, AVMediaType type, int threads,
                  const RawFormat* raw = nullptr, int track = 0, bool microphone = false);

    /// The next decoded frame into `frame`; false at the end. Packets that the decoder refuses are counted.
    bool next(AVFrame* frame);

    /// Null for samples without a header.
    Input* input() const { return input_.get(); }
    /// Null for uncompressed samples that are read as they come.
    AVStream* stream() const { return stream_; }
    AVCodecContext* codec() const { return codec_.get(); }
    std::int64_t num_damaged() const { return num_damaged_; }
    std::int64_t num_packets() const { return num_packets_; }

  private:
    void open_raw(const RawFormat& raw, int threads);
    void choose_stream(AVMediaType type, int track);
    int find_track(AVMediaType type, int track) const;
    bool feed();
    int next_packet();
    /// What is there of uncompressed samples, in whole blocks.
    int next_samples();

    std::string name_;
    std::unique_ptr<Input> input_;
    std::unique_ptr<InputStream> bytes_;  ///< of samples without a header
    AVStream* stream_ = nullptr;
    CodecPtr codec_;
    PacketPtr packet_;
    int block_bytes_ = 0;  ///< of uncompressed samples that are read as they come; else 0
    std::uint64_t bytes_left_ = UINT64_MAX;
    std::string rest_;  ///< of a block that is not whole yet
    bool at_end_ = false;
    std::int64_t num_damaged_ = 0, num_packets_ = 0;
};

}  // namespace vultus::media
