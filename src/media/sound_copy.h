// Compressed sound that goes from one file to another as it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "media/container.h"
#include "media/ffmpeg.h"
#include "media/input.h"

namespace vultus::media {

class SoundCopy {
  public:
    /// Null where the container does not hold such sound, or where its packets have gaps or faults, which
    /// decoders know how to mend. track: as AudioOptions::track. Errors: as Input's.
    static std::unique_ptr<SoundCopy> open(const std::filesystem::path& path, int track,
                                           const Container& container);

    /// What the file's stream has to say of itself.
    const AVCodecParameters* parameters() const { return stream_->codecpar; }
    AVRational time_base() const { return stream_->time_base; }
    /// Hands on the packets that begin before this time, from the start of the source's image on where it has
    /// one; their times are in time_base().
    void read_until(double seconds, const std::function<void(AVPacket*)>& write);

  private:
    SoundCopy(const std::filesystem::path& path, int track);
    bool is_whole();
    bool next();

    Input input_;
    AVStream* stream_ = nullptr;
    double image_start_s_ = 0;
    std::int64_t shift_ = 0;  ///< of all times
    PacketPtr packet_;
    bool held_ = false;  ///< packet_ is read and not written
};

}  // namespace vultus::media
