#include "evaluation/steadiness.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/cancel.h"
#include "base/progress.h"
#include "evaluation/eval_measure.h"
#include "media/video_reader.h"
#include "speaking/talker.h"

namespace vultus::evaluation {
namespace {

constexpr std::int64_t kFrames = 200;  ///< looked at, spread over the training clips
constexpr double kNeighbourhood = 64;  ///< a side of the image has so many deviations of the neighbourhood
constexpr double kNoise = 0.02;        ///< of drawn bytes squared: less than that needs no mending

/// What recorded and drawn frames have in common about the mean image, place by place.
class Shares {
  public:
    Shares(const std::vector<std::uint8_t>& mean_image, int size_px) : size_px_(size_px) {
        bytes_of(mean_image.data()).convertTo(mean_, CV_32F);
        together_ = cv::Mat::zeros(size_px, size_px, CV_32F);
        drawn_ = together_.clone();
    }

    void add(const std::uint8_t* recorded_rgb, const std::uint8_t* drawn_rgb) {
        const cv::Mat recorded = about_mean(recorded_rgb), drawn = about_mean(drawn_rgb);
        together_ += over_channels(recorded.mul(drawn));
        drawn_ += over_channels(drawn.mul(drawn));
        ++frames_;
    }

    std::vector<std::uint8_t> result() const {
        const double deviation = size_px_ / kNeighbourhood;
        cv::Mat together, drawn, share;
        cv::GaussianBlur(together_, together, {0, 0}, deviation);
        cv::GaussianBlur(drawn_, drawn, {0, 0}, deviation);
        cv::divide(together, drawn + kNoise * static_cast<double>(frames_), share);
        cv::Mat bytes;
        cv::Mat(cv::max(share, 0.0)).convertTo(bytes, CV_8U, 255);
        return {bytes.data, bytes.data + bytes.total()};
    }
    std::int64_t frames() const { return frames_; }

  private:
    cv::Mat bytes_of(const std::uint8_t* rgb) const {
        return {size_px_, size_px_, CV_8UC3, const_cast<std::uint8_t*>(rgb)};
    }
    cv::Mat about_mean(const std::uint8_t* rgb) const {
        cv::Mat values;
        bytes_of(rgb).convertTo(values, CV_32F);
        return values - mean_;
    }
    static cv::Mat over_channels(const cv::Mat& rgb) {
        cv::Mat mean;
        cv::transform(rgb, mean, cv::Matx13f(1 / 3.0f, 1 / 3.0f, 1 / 3.0f));
        return mean;
    }

    int size_px_;
    cv::Mat mean_, together_, drawn_;
    std::int64_t frames_ = 0;
};

}  // namespace

void steady(person::Person& person, const corpus::Corpus& corpus, int num_threads) {
    if (person.stats.mean_image.empty()) return;
    person.stats.steadiness.clear();
    const speaking::TalkerOptions options{num_threads, 0, -1};
    speaking::Talker talker(person, options);
    const auto clips = corpus.kept(corpus::Split::kTrain);
    std::int64_t total = 0, seen = 0;
    for (const corpus::Clip* clip : clips) total += clip->num_frames;
    const std::int64_t stride = std::max<std::int64_t>(1, total / kFrames);
    Progress progress("steady", "frames", total / stride);
    Shares shares(person.stats.mean_image, talker.size_px());
    media::Image frame, scratch, drawn{talker.size_px(), talker.size_px()};
    for (const corpus::Clip* clip : clips) {
        media::VideoReader reader(corpus.video_path(*clip));
        for (std::int64_t t = 0; t < clip->num_frames && reader.read(frame); ++t, ++seen) {
            if (seen % stride != 0) continue;
            throw_if_cancelled();
            const media::Image& recorded = at_size(frame, talker.size_px(), scratch);
            talker.decode(talker.encode(recorded.rgb.data()).data(), drawn.rgb.data());
            shares.add(recorded.rgb.data(), drawn.rgb.data());
            progress.update(shares.frames());
        }
    }
    person.stats.steadiness = shares.result();
}

}  // namespace vultus::evaluation
