#include "image_training/temporal_consistency.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr std::size_t kMostPairs = 500;
constexpr int kSmoothing_px = 9;
/// Root mean square of a change, in [-1, 1], below which nobody sees it: a tenth of a grey level.
constexpr double kUnseen = 0.1 / 127.5;

}  // namespace

TemporalConsistency::TemporalConsistency(const DeviceFrames& frames, double scale,
                                         const std::vector<std::int64_t>& followed, torch::Device device) {
    Tensor squares;
    const std::size_t stride = followed.size() / kMostPairs + 1;
    double count = 0;
    for (std::size_t i = 0; i < followed.size(); i += stride, ++count) {
        const Tensor pair = frames.at({followed[i], followed[i] + 1}).to(torch::kFloat32);
        const Tensor change = ((pair[1] - pair[0]) / (127.5 * scale)).square_();
        squares = squares.defined() ? squares.add_(change) : change;
    }
    const Tensor by_place = (squares / std::max(1.0, count)).mean(0, true).unsqueeze(0);
    const auto padding = kSmoothing_px / 2;
    const Tensor smooth = torch::avg_pool2d(by_place, kSmoothing_px, 1, padding, false, false);
    const double unseen = kUnseen / scale;
    certainty_ = (1 / (smooth + unseen * unseen)).to(device).contiguous();
}

Tensor TemporalConsistency::operator()(const Tensor& error, const std::vector<std::int64_t>& leaders,
                                       const Tensor& counts) const {
    Tensor sum = torch::zeros({}, error.options());
    for (std::size_t k = 0; k < leaders.size(); ++k)
        sum = sum + counts[static_cast<std::int64_t>(k)] *
                        ((error[leaders[k] + 1] - error[leaders[k]]).square() * certainty_[0]).mean();
    return sum / static_cast<double>(error.size(0));
}

}  // namespace vultus::image_training
