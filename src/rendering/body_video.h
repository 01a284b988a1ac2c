// The drawn square back in the whole picture that it was cut from.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <vector>

#include "media/image.h"
#include "media/video_reader.h"

namespace vultus::rendering {

/// A recording (or a still picture) of the person in the framing that was learnt from. Its frames play, and
/// when they end they play again, faded into each other. Each takes a drawn picture in: enlarged to the
/// learnt crop, brought to the colours around it, its border faded out where it does not lie on the frame's.
class BodyVideo {
  public:
    /// footage_crop: person::Stats::footage_crop. fps: of the video that is made.
    /// Errors: as VideoReader's; kInvalidArgument where the person doesn't say where it was cut from or the
    /// recording has another shape than the footage.
    BodyVideo(const std::filesystem::path& path, const std::vector<float>& footage_crop, int fps_num,
              int fps_den);

    int width() const { return width_; }    ///< px, even
    int height() const { return height_; }  ///< px, even

    /// The next frame of the body with the drawn square in it; good until the next call, and the caller's to
    /// change.
    media::Image& compose(const media::Image& drawn);

  private:
    void next_frame();
    void match_colours(const media::Image& square);

    std::filesystem::path path_;
    media::VideoReaderOptions options_;
    std::unique_ptr<media::VideoReader> reader_;
    int width_ = 0, height_ = 0;
    int left_ = 0, top_ = 0, side_ = 0;  ///< of the square, px
    std::vector<float> alpha_;           ///< [side, side]: how much of the drawn picture is seen
    std::array<double, 3> offset_{};     ///< added to the drawn colours
    bool offset_known_ = false;
    std::int64_t since_start_ = 0;  ///< frames since the recording began anew
    bool still_ = false, again_ = false;
    media::Image body_, last_, square_, composed_;
};

}  // namespace vultus::rendering
