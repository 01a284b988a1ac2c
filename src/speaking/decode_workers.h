// Decodes several frames at a time, one core each.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "speaking/talker.h"

namespace vultus::speaking {

/// Frames do not depend on each other, so every worker draws whole frames with a runtime of its own on one
/// thread: no barriers inside a frame (they collapse when another program holds a core), and the same bits
/// for any number of workers. They share the weights.
class DecodeWorkers {
  public:
    /// count: workers; 0: one per core, at most 8. `options.num_threads` is ignored.
    DecodeWorkers(person::Person person, TalkerOptions options, int count);
    /// With the weights of another, which may go on drawing.
    DecodeWorkers(const Talker& other, TalkerOptions options, int count);

    /// The first worker's Talker, for everything but images.
    Talker& talker() { return *talkers_.front(); }
    /// How many latents to hand over at a time to keep all workers busy.
    std::int64_t batch() const { return static_cast<std::int64_t>(talkers_.size()) * 4; }
    /// latents [n, latent_dim]; calls `show` with RGB [S, S, 3] of each frame in order.
    void decode(const std::vector<float>& latents,
                const std::function<void(const std::vector<std::uint8_t>&)>& show);

  private:
    DecodeWorkers(std::unique_ptr<Talker> first, const TalkerOptions& options, int count);

    std::vector<std::unique_ptr<Talker>> talkers_;
    std::vector<std::vector<std::uint8_t>> pictures_;
};

}  // namespace vultus::speaking
