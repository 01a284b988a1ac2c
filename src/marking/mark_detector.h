// Tells whether a video carries the mark of origin, and over which seconds.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "marking/mark_pattern.h"

namespace vultus::marking {

/// The chance of taking a video without a mark for a marked one, below which it counts as marked.
constexpr double kMostFalseAlarm = 1e-6;

struct MarkFinding {
    bool found = false;
    /// log10 of a bound on the chance that a video without the mark looks so marked: 0 or less.
    double log10_false_alarm = 0;
    double score = 0;  ///< MarkFit's, of the stretch of time where it is clearest
    double scale = 0;  ///< pixels for each pixel that was drawn; 0: not found
    std::vector<std::pair<double, double>> spans_s;  ///< where it is seen; empty: not found
};

/// Gathers the frames of a video in blocks of 2 s (longer ones for long videos: memory stays below 340 MB,
/// 90 MB at 256 px) and looks for the pattern in the whole, its halves, quarters and so on, down to two
/// blocks.
class MarkDetector {
  public:
    /// Errors: kInvalidArgument for sides below 16 px.
    MarkDetector(int width_px, int height_px, const MarkPattern& pattern = MarkPattern::ours());
    ~MarkDetector();
    MarkDetector(const MarkDetector&) = delete;
    MarkDetector& operator=(const MarkDetector&) = delete;

    /// rgb [height, width, 3]; times grow.
    void add(const std::uint8_t* rgb, double time_s);
    /// Of what was added so far. Errors: kCancelled.
    MarkFinding find() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::marking
