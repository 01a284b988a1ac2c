#include "image_training/temporal_consistency.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr std::size_t kMostPairs = 500;
constexpr int kSmoothing_px = 9;
/// Root mean square of a change, in [-1, 1], below which nobody sees it: a tenth of a grey level.
constexpr double kUnseen = 0.1 / 127.5;

}  // namespace

TemporalConsistency::TemporalConsistency(const corpus::FrameCache& cache,
                                         const person::ImageNormalisation& space,
                                         const std::vector<std::int64_t>& followed, torch::Device device) {
    const std::int64_t size = cache.size_px();
    Tensor squares = torch::zeros({3, size, size}), before = torch::empty_like(squares),
           after = torch::empty_like(squares);
    const std::size_t stride = followed.size() / kMostPairs + 1;
    double count = 0;
    for (std::size_t i = 0; i < followed.size(); i += stride, ++count) {
        space.to_model(cache.frame(followed[i]), before.data_ptr<float>());
        space.to_model(cache.frame(followed[i] + 1), after.data_ptr<float>());
        squares += (after - before).square();
    }
    const Tensor by_place = (squares / std::max(1.0, count)).mean(0, true).unsqueeze(0);
    const auto padding = kSmoothing_px / 2;
    const Tensor smooth = torch::avg_pool2d(by_place, kSmoothing_px, 1, padding, false, false);
    const double unseen = kUnseen / space.scale();
    certainty_ = (1 / (smooth + unseen * unseen)).to(device);
}

Tensor TemporalConsistency::operator()(const Tensor& error, const std::vector<std::int64_t>& leaders) const {
    Tensor sum = torch::zeros({}, error.options());
    for (const std::int64_t i : leaders)
        sum = sum + ((error[i + 1] - error[i]).square() * certainty_[0]).mean();
    return sum / static_cast<double>(error.size(0));
}

}  // namespace vultus::image_training
