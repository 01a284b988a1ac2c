#include "evaluation/steadiness.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "evaluation/eval_measure.h"
#include "media/video_reader.h"
#include "speaking/talker.h"

namespace vultus::evaluation {
namespace {

constexpr std::int64_t kFrames = 200;  ///< looked at, spread over the training clips
constexpr double kNeighbourhood = 64;  ///< so many of its deviations make a side of the image
constexpr float kNoise = 0.02f;        ///< of drawn bytes squared: less than that needs no mending

}  // namespace

ShownShare::ShownShare(std::vector<std::uint8_t> mean_image, int size_px)
    : size_px_(size_px),
      mean_image_(std::move(mean_image)),
      together_(mean_image_.size() / 3, 0.0f),
      drawn_(together_) {
    require(mean_image_.size() == static_cast<std::size_t>(3) * size_px * size_px,
            "[evaluation] mean image of {} bytes for {} px", mean_image_.size(), size_px);
}

void ShownShare::add(const std::uint8_t* recorded_rgb, const std::uint8_t* drawn_rgb) {
    for (std::size_t i = 0; i < mean_image_.size(); ++i) {
        const int mean = mean_image_[i], drawn = drawn_rgb[i] - mean;
        together_[i / 3] += static_cast<float>((recorded_rgb[i] - mean) * drawn) / 3;
        drawn_[i / 3] += static_cast<float>(drawn * drawn) / 3;
    }
    ++num_frames_;
}

std::vector<std::uint8_t> ShownShare::result() const {
    const auto around = [&](const std::vector<float>& sums) {
        cv::Mat out;
        cv::GaussianBlur(cv::Mat(size_px_, size_px_, CV_32F, const_cast<float*>(sums.data())), out, {0, 0},
                         size_px_ / kNeighbourhood);
        return out;
    };
    const cv::Mat together = around(together_), drawn = around(drawn_);
    std::vector<std::uint8_t> shares;
    for (int y = 0; y < size_px_; ++y)
        for (int x = 0; x < size_px_; ++x) {
            const float share = together.at<float>(y, x) /
                                (drawn.at<float>(y, x) + kNoise * static_cast<float>(num_frames_) + 1e-9f);
            shares.push_back(cv::saturate_cast<std::uint8_t>(255 * share));
        }
    return shares;
}

void steady(person::Person& person, const corpus::Corpus& corpus, int num_threads) {
    if (person.stats.mean_image.empty()) return;
    person.stats.steadiness.clear();
    const speaking::TalkerOptions options{num_threads, 0, -1};
    speaking::Talker talker(person, options);
    const auto clips = corpus.kept(corpus::Split::kTrain);
    std::int64_t total = 0, seen = 0;
    for (const corpus::Clip* clip : clips) total += clip->num_frames;
    const std::int64_t stride = std::max<std::int64_t>(1, total / kFrames);
    Progress progress("steady", "frames", (total + stride - 1) / stride);
    ShownShare share(person.stats.mean_image, talker.size_px());
    media::Image frame, scratch, drawn{talker.size_px(), talker.size_px()};
    for (const corpus::Clip* clip : clips) {
        media::VideoReader reader(corpus.video_path(*clip));
        for (std::int64_t t = 0; t < clip->num_frames && reader.read(frame); ++t, ++seen) {
            if (seen % stride != 0) continue;
            throw_if_cancelled();
            const media::Image& recorded = at_size(frame, talker.size_px(), scratch);
            talker.decode(talker.encode(recorded.rgb.data()).data(), drawn.rgb.data());
            share.add(recorded.rgb.data(), drawn.rgb.data());
            progress.update(share.num_frames());
        }
    }
    person.stats.steadiness = share.result();
}

}  // namespace vultus::evaluation
