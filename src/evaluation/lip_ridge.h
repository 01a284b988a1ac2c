// The plain baseline of every speech network: lips as a linear function of what the person hears.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/track_metrics.h"

namespace vultus::evaluation {

/// Ridge regression from five frames of speech features to opening and width of the lips. What a network
/// knows beyond it is what it learnt; one that stays below it has learnt its recordings by heart.
/// Use  add() for every training clip, fit(), predict() for others.
class LipRidge {
  public:
    static constexpr int kReach = 2;         ///< frames on either side
    static constexpr double kLambda = 1000;  ///< with features in their own deviations

    /// width: of the features of one frame.
    explicit LipRidge(int width);

    /// features [T, width], lips of the same T frames about any mean, valid [T]: frames that count.
    void add(std::span<const float> features, const metrics::LipMotion& lips,
             std::span<const std::uint8_t> valid);
    /// False when fewer frames than about a second's were added: nothing can be said then.
    bool fit();
    /// features [T, width] to opening and width [T] about their means.
    metrics::LipMotion predict(std::span<const float> features) const;

  private:
    std::size_t inputs() const { return static_cast<std::size_t>(2 * kReach + 1) * width_; }
    /// The frames t-2 .. t+2, the clip's ends repeated; [inputs()].
    void window(std::span<const float> features, std::int64_t t, double* row) const;

    std::size_t width_;
    std::int64_t num_frames_ = 0;
    std::vector<double> sum_, squares_;  ///< of windows: [inputs()], [inputs(), inputs()]
    std::vector<double> lip_products_;   ///< windows with lips, [inputs(), 2]
    std::vector<double> weights_;        ///< [inputs(), 2]
    std::vector<double> mean_;           ///< [inputs()]
};

}  // namespace vultus::evaluation
