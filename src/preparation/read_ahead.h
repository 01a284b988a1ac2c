// The next pictures of a video, decoded while the last ones are looked at.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "media/video_reader.h"

namespace vultus::preparation {

/// Decoding a large picture takes as long as finding the face in it: a thread of its own for it. The reader
/// is that thread's until the end of this.
class ReadAhead {
  public:
    /// most: pictures to read, no more than these.
    explicit ReadAhead(media::VideoReader& reader, std::int64_t most = INT64_MAX);
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// As VideoReader::read(), with its errors.
    bool read(media::Image& image);

  private:
    void decode_all(std::int64_t most);

    media::VideoReader& reader_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<media::Image> ready_;
    std::vector<media::Image> spare_;  ///< whose memory is used again
    std::exception_ptr error_;
    bool ended_ = false, stop_ = false;
    std::thread thread_;
};

}  // namespace vultus::preparation
