#include "unpacking/measure_motion.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/for_each_index.h"
#include "base/progress.h"
#include "corpus/frame_cache.h"
#include "corpus/motion_cache.h"
#include "unpacking/cache_file.h"

namespace vultus::unpacking {
namespace {

using corpus::MotionCache;

constexpr int kMeasuredPx = 256;    ///< motion is measured in images of this size
constexpr double kLipWeight = 3;    ///< of the lips' landmarks where frames are compared
constexpr int kBlock = 64;          ///< frames measured before they are written
constexpr double kOutliers = 0.02;  ///< of the frames, those farthest from the mean, which may be mistracked

/// A frame that may become a reference.
struct Candidate {
    std::int64_t frame;
    std::vector<float> landmarks_px;
};

double apart(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += (i >= 96 ? kLipWeight : 1) * (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

std::vector<Candidate> candidates(const corpus::Corpus& corpus, const corpus::FrameCache& cache) {
    std::vector<Candidate> all;
    const auto kept = corpus.kept();
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i]->split != corpus::Split::kTrain) continue;
        const corpus::ClipTracks tracks = corpus::load_tracks(corpus, *kept[i]);
        for (std::int64_t f = 0; f < kept[i]->num_frames; ++f) {
            if (!tracks.valid[static_cast<std::size_t>(f)]) continue;
            const float* points = &tracks.landmarks_px[static_cast<std::size_t>(f) * 136];
            all.push_back({cache.first_frame(i) + f, {points, points + 136}});
        }
    }
    return all;
}

/// Nearest to the mean first.
std::vector<Candidate> from_the_middle(std::vector<Candidate> all) {
    std::vector<float> mean(136, 0);
    for (const Candidate& each : all)
        for (std::size_t k = 0; k < mean.size(); ++k)
            mean[k] += each.landmarks_px[k] / static_cast<float>(all.size());
    std::stable_sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) {
        return apart(a.landmarks_px, mean) < apart(b.landmarks_px, mean);
    });
    return all;
}

/// The frame nearest to the mean, then always the one farthest from those chosen.
MotionCache::Header choose_references(const corpus::Corpus& corpus, const corpus::FrameCache& cache) {
    std::vector<Candidate> all = from_the_middle(candidates(corpus, cache));
    if (all.empty())
        fail(ErrorCode::kInvalidArgument, "[train] {}: no usable frames to train on", corpus.folder.string());
    all.resize(std::max<std::size_t>(1, all.size() - static_cast<std::size_t>(kOutliers * all.size())));
    MotionCache::Header header;
    header.frames = cache.num_frames();
    std::vector<double> nearest(all.size(), 1e30);
    std::size_t chosen = 0;
    for (std::int64_t& reference : header.references) {
        reference = all[chosen].frame;
        for (std::size_t i = 0; i < all.size(); ++i)
            nearest[i] = std::min(nearest[i], apart(all[i].landmarks_px, all[chosen].landmarks_px));
        chosen = static_cast<std::size_t>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin());
    }
    return header;
}

cv::Mat grey(const corpus::FrameCache& cache, std::int64_t frame) {
    const int size = cache.size_px();
    const cv::Mat rgb(size, size, CV_8UC3, const_cast<std::uint8_t*>(cache.frame(frame)));
    cv::Mat out;
    cv::cvtColor(rgb, out, cv::COLOR_RGB2GRAY);
    if (size != kMeasuredPx) cv::resize(out, out, {kMeasuredPx, kMeasuredPx}, 0, 0, cv::INTER_AREA);
    return out;
}

/// [2, grid, grid] of a dense field.
void store(const cv::Mat& field, std::int16_t* out) {
    constexpr int grid = MotionCache::kGrid;
    cv::Mat coarse;
    cv::resize(field, coarse, {grid, grid}, 0, 0, cv::INTER_AREA);
    for (int axis = 0; axis < 2; ++axis)
        for (int y = 0; y < grid; ++y)
            for (int x = 0; x < grid; ++x) {
                const double part = coarse.at<cv::Vec2f>(y, x)[axis] / kMeasuredPx;
                *out++ = cv::saturate_cast<std::int16_t>(std::lround(part * MotionCache::kUnit));
            }
}

/// OpenCV keeps to the thread that calls it.
class OneThreadEach {
  public:
    OneThreadEach() : before_(cv::getNumThreads()) { cv::setNumThreads(1); }
    ~OneThreadEach() { cv::setNumThreads(before_); }
    OneThreadEach(const OneThreadEach&) = delete;
    OneThreadEach& operator=(const OneThreadEach&) = delete;

  private:
    int before_;
};

/// Measures on one thread.
class MotionMeter {
  public:
    MotionMeter(const corpus::FrameCache& cache, const MotionCache::Header& header) : cache_(cache) {
        for (const std::int64_t reference : header.references) references_.push_back(grey(cache, reference));
    }
    void measure(std::int64_t frame, std::int16_t* out) {
        const cv::Mat picture = grey(cache_, frame);
        for (const cv::Mat& reference : references_) {
            cv::Mat field;  // what lies in it would be where the search begins
            flow_->calc(picture, reference, field);
            store(field, out);
            out += 2 * MotionCache::kGrid * MotionCache::kGrid;
        }
    }

  private:
    const corpus::FrameCache& cache_;
    std::vector<cv::Mat> references_;
    cv::Ptr<cv::DISOpticalFlow> flow_ = cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_MEDIUM);
};

}  // namespace

void measure_motion(const corpus::Corpus& corpus, int size_px) {
    if (size_px < kMeasuredPx || is_complete<MotionCache>(corpus, size_px)) return;
    const corpus::FrameCache cache(corpus, size_px);
    const MotionCache::Header header = choose_references(corpus, cache);
    CacheFile out(corpus::motion_cache_path(corpus, size_px));
    out.write(&header, sizeof header);
    const int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const OneThreadEach one_thread;
    std::deque<MotionMeter> meters;
    for (int i = 0; i < threads; ++i) meters.emplace_back(cache, header);
    std::vector<std::int16_t> block(kBlock * MotionCache::kFrameValues);
    Progress progress("motion", "frames", cache.num_frames());
    for (std::int64_t begin = 0; begin < cache.num_frames(); begin += kBlock) {
        throw_if_cancelled();
        const int count = static_cast<int>(std::min<std::int64_t>(kBlock, cache.num_frames() - begin));
        for_each_index(count, threads, [&](int worker, int i) {
            meters[static_cast<std::size_t>(worker)].measure(begin + i,
                                                             &block[i * MotionCache::kFrameValues]);
        });
        out.write(block.data(),
                  static_cast<std::size_t>(count * MotionCache::kFrameValues) * sizeof block[0]);
        progress.update(begin + count);
    }
    out.finish();
}

}  // namespace vultus::unpacking
