// A network over sequences, step by step, recorded as soon as every step does the same.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "infer/program.h"
#include "infer/streaming_ops.h"

namespace vultus::infer {

/// Runs a network as StreamingOps does. The first steps fill the reach of its operators; once a step leaves
/// all of them as it found them, moved on by as many frames, the next ones of the same size are recorded and
/// replayed: the same bits, and nothing is allocated. After a restart the record waits until it fits again.
/// Threads  one caller at a time.
class StreamingProgram {
  public:
    /// Builds a step of `count` new frames and returns its result. Its inputs must lie at the same address at
    /// every step.
    using Network = std::function<models::Value(StreamingOps&, std::int64_t count)>;

    StreamingProgram(std::shared_ptr<Weights> weights, int num_threads, Network network);

    /// Takes the next `count` frames in; gives the values of the frames that became certain, valid until the
    /// next call. last: as in StreamingOps::begin_step.
    std::span<const float> step(std::int64_t count, bool last);
    /// Forgets all frames.
    void restart();
    /// True when the next step of the same size is a replay.
    bool steady() const { return steady_; }

  private:
    bool recorded_fits(std::int64_t count, const StreamingOps::Position& now) const;
    void record(std::int64_t count);

    std::shared_ptr<Weights> weights_;
    OnednnOps eager_;
    StreamingOps ops_;
    Network network_;
    std::vector<float> result_;
    bool steady_ = false;
    std::int64_t last_count_ = -1;
    std::vector<std::int64_t> last_moved_;  ///< frames by which the last step moved each operator on

    std::vector<Program> program_;  ///< one, or none yet
    std::int64_t recorded_count_ = 0;
    int recorded_moves_ = 0;
    std::vector<std::int64_t> recorded_kept_, recorded_moved_;
};

}  // namespace vultus::infer
