#include "rendering/body_video.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "media/resize.h"

namespace vultus::rendering {
namespace {

constexpr double kFeather = 0.1;  ///< part of the square's side over which its border fades
constexpr int kFadeFrames = 12;   ///< from the recording's end to its beginning
constexpr double kColourMemory =
    0.9;  ///< of the frames before: what is matched is the camera's, not a word's
constexpr double kMostColourShift = 20;  ///< of 255: what differs more isn't light but another thing
constexpr double kShapeTolerance = 0.01;

/// How much is seen `inside` px from one border; a border on the frame's own does not fade.
double seen_at(double inside, double feather, bool at_frame_border) {
    if (at_frame_border) return 1;
    const double x = std::clamp(inside / feather, 0.0, 1.0);
    return x * x * (3 - 2 * x);
}

}  // namespace

BodyVideo::BodyVideo(const std::filesystem::path& path, const std::vector<float>& footage_crop, int fps_num,
                     int fps_den)
    : path_(path), options_{fps_num, fps_den, 1} {
    if (footage_crop.size() != 5)
        fail(ErrorCode::kInvalidArgument,
             "[talk] --into {}: expected a person file that says where its picture was cut from, got one of "
             "before: train it again",
             path.string());
    reader_ = std::make_unique<media::VideoReader>(path, options_);
    const double scale = reader_->width() / static_cast<double>(footage_crop[3]);
    if (std::abs(reader_->height() / (scale * footage_crop[4]) - 1) > kShapeTolerance)
        fail(ErrorCode::kInvalidArgument,
             "[talk] --into {}: expected the footage's shape, {:.0f} x {:.0f}, got {} x {}", path.string(),
             footage_crop[3], footage_crop[4], reader_->width(), reader_->height());
    width_ = reader_->width() / 2 * 2;
    height_ = reader_->height() / 2 * 2;
    side_ = std::min({static_cast<int>(std::lround(scale * footage_crop[2])), width_, height_});
    left_ = std::clamp(static_cast<int>(std::lround(scale * footage_crop[0])), 0, width_ - side_);
    top_ = std::clamp(static_cast<int>(std::lround(scale * footage_crop[1])), 0, height_ - side_);
    const double feather = std::max(1.0, kFeather * side_);
    alpha_.resize(static_cast<std::size_t>(side_) * side_);
    for (int y = 0; y < side_; ++y)
        for (int x = 0; x < side_; ++x)
            alpha_[static_cast<std::size_t>(y) * side_ + x] =
                static_cast<float>(seen_at(x + 0.5, feather, left_ == 0) *
                                   seen_at(side_ - x - 0.5, feather, left_ + side_ == width_) *
                                   seen_at(y + 0.5, feather, top_ == 0) *
                                   seen_at(side_ - y - 0.5, feather, top_ + side_ == height_));
}

/// The recording goes on, or begins again, faded in over the frame that it ended with.
void BodyVideo::next_frame() {
    if (still_) return;
    if (!reader_->read(body_)) {
        if (since_start_ == 1) {  // a picture
            still_ = true;
            return;
        }
        last_ = body_;
        reader_ = std::make_unique<media::VideoReader>(path_, options_);
        require(reader_->read(body_), "[talk] {}: no longer readable", path_.string());
        since_start_ = 0;
        again_ = true;
    }
    if (again_ && since_start_ < kFadeFrames) {
        const double part = (since_start_ + 1.0) / (kFadeFrames + 1);
        for (std::size_t i = 0; i < body_.rgb.size(); ++i)
            body_.rgb[i] =
                static_cast<std::uint8_t>(std::lround(last_.rgb[i] + part * (body_.rgb[i] - last_.rgb[i])));
    }
    ++since_start_;
}

/// The mean difference along the seam, where both are seen, over the last frames.
void BodyVideo::match_colours(const media::Image& square) {
    std::array<double, 3> difference{};
    double weights = 0;
    for (int y = 0; y < side_; ++y)
        for (int x = 0; x < side_; ++x) {
            const double alpha = alpha_[static_cast<std::size_t>(y) * side_ + x],
                         weight = alpha * (1 - alpha);
            if (weight == 0) continue;
            const std::uint8_t *body = body_.pixel(left_ + x, top_ + y), *drawn = square.pixel(x, y);
            for (std::size_t c = 0; c < 3; ++c) difference[c] += weight * (body[c] - drawn[c]);
            weights += weight;
        }
    if (weights == 0) return;
    for (std::size_t c = 0; c < 3; ++c) {
        const double now = std::clamp(difference[c] / weights, -kMostColourShift, kMostColourShift);
        offset_[c] = offset_known_ ? kColourMemory * offset_[c] + (1 - kColourMemory) * now : now;
    }
    offset_known_ = true;
}

media::Image& BodyVideo::compose(const media::Image& drawn) {
    next_frame();
    media::resize(drawn, side_, square_);
    match_colours(square_);
    composed_.width = width_;
    composed_.height = height_;
    composed_.rgb.resize(std::size_t{3} * width_ * height_);
    for (int y = 0; y < height_; ++y)
        std::copy_n(body_.pixel(0, y), std::size_t{3} * width_, composed_.pixel(0, y));
    for (int y = 0; y < side_; ++y)
        for (int x = 0; x < side_; ++x) {
            const double alpha = alpha_[static_cast<std::size_t>(y) * side_ + x];
            std::uint8_t* out = composed_.pixel(left_ + x, top_ + y);
            const std::uint8_t* from = square_.pixel(x, y);
            for (std::size_t c = 0; c < 3; ++c)
                out[c] = static_cast<std::uint8_t>(
                    std::lround(std::clamp(out[c] + alpha * (from[c] + offset_[c] - out[c]), 0.0, 255.0)));
        }
    return composed_;
}

}  // namespace vultus::rendering
