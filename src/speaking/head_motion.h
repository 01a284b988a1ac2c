// How a head moves: a person's own recorded motion, cut and joined where it fits.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace vultus::speaking {

/// Endless head motion from a minute of the recorded: it plays pieces of it and jumps, where pose and speed
/// match, to another place, leading over smoothly. Speech does not say where a head turns (on three people r
/// below 0.1 for each angle), so what is recorded is neither too small nor too large, and never off the
/// manifold. A motion graph with cuts only (Kovar et al. 2002, "Motion graphs").
/// Threads  one caller at a time.
class HeadMotion {
  public:
    /// motion [N, 3], of clips with those numbers of frames one after the other (empty: one clip); fps of
    /// both. The same seed gives the same motion.
    HeadMotion(std::vector<float> motion, std::vector<std::int64_t> clip_frames, double fps,
               std::uint64_t seed);

    /// Angles of a frame. Frames come in order; those of the last kKept may be asked for again.
    const float* at(std::int64_t frame);
    /// Too short to be joined.
    bool empty() const { return num_rows_ < 2 * blend_; }

    static constexpr std::int64_t kKept = 1024;

  private:
    const float* row(std::int64_t index) const { return &motion_[static_cast<std::size_t>(3 * index)]; }
    bool ends_after(std::int64_t row) const;
    bool may_enter(std::int64_t row) const;
    double distance_to(std::int64_t row) const;
    void jump();
    void advance();

    std::vector<float> motion_;
    std::vector<std::int64_t> clip_end_;                            ///< [N]: where the clip of a row ends
    std::int64_t longest_clip_ = 0;                                 ///< where it begins
    std::int64_t num_rows_, least_run_, most_run_, blend_, apart_;  ///< frames
    double angle_scale_[3], speed_scale_[3];
    Rng rng_;
    std::int64_t row_ = -1;  ///< shown last
    std::int64_t run_ = 0, since_jump_ = 0;
    float offset_[3] = {};                  ///< what the last jump left
    float shown_[3] = {}, before_[3] = {};  ///< the last frame and the one before
    std::int64_t num_made_ = 0;
    std::vector<float> made_;  ///< [kKept, 3], a ring
};

}  // namespace vultus::speaking
