#include "infer/streaming_program.h"

namespace vultus::infer {
namespace {

std::vector<std::int64_t> difference(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    std::vector<std::int64_t> out(a);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] -= b[i];
    return out;
}

/// Gives the operators back to their own backend and place, whatever happens in between.
class Detour {
  public:
    Detour(StreamingOps& ops, OnednnOps& own) : ops_(ops), own_(own), position_(ops.position()) {}
    ~Detour() {
        ops_.use(own_);
        go_back();
    }
    Detour(const Detour&) = delete;
    Detour& operator=(const Detour&) = delete;
    void go_back() { ops_.set_position(position_); }
    const StreamingOps::Position& position() const { return position_; }

  private:
    StreamingOps& ops_;
    OnednnOps& own_;
    StreamingOps::Position position_;
};

}  // namespace

StreamingProgram::StreamingProgram(std::shared_ptr<Weights> weights, int num_threads, Network network)
    : weights_(std::move(weights)),
      eager_(weights_, num_threads),
      ops_(eager_),
      network_(std::move(network)) {}

void StreamingProgram::restart() {
    ops_.restart();
    steady_ = false;
    last_count_ = -1;
}

std::span<const float> StreamingProgram::step(std::int64_t count, bool last) {
    if (steady_ && !last && count == recorded_count_) {
        program_.front().run();
        ops_.advance(recorded_moved_);
        return program_.front().output(0);
    }
    const StreamingOps::Position before = ops_.position();
    ops_.begin_step(last);
    result_ = ops_.rows(network_(ops_, count));
    const StreamingOps::Position after = ops_.position();
    steady_ = false;
    const bool repeats = !last && count == last_count_ && before.kept == after.kept && !result_.empty();
    std::vector<std::int64_t> moved;
    if (before.frames.size() == after.frames.size()) moved = difference(after.frames, before.frames);
    if (repeats && moved == last_moved_) {
        if (!recorded_fits(count, after)) record(count);
        steady_ = recorded_fits(count, after);
    }
    last_moved_ = std::move(moved);
    last_count_ = last ? -1 : count;
    return result_;
}

bool StreamingProgram::recorded_fits(std::int64_t count, const StreamingOps::Position& now) const {
    return !program_.empty() && count == recorded_count_ && recorded_moves_ == ops_.num_moves() &&
           recorded_kept_ == now.kept;
}

void StreamingProgram::record(std::int64_t count) {
    program_.clear();
    Detour detour(ops_, eager_);
    StreamingOps::Position after;
    program_ = infer::record(weights_, eager_.num_threads(), {[&](Recorder& recorder) {
                                 ops_.use(recorder);
                                 detour.go_back();
                                 ops_.begin_step(false);
                                 const models::Value out = network_(ops_, count);
                                 after = ops_.position();
                                 return std::vector<models::Value>{StreamingOps::inner(out)};
                             }});
    recorded_count_ = count;
    recorded_moves_ = ops_.num_moves();
    recorded_kept_ = detour.position().kept;
    recorded_moved_ = difference(after.frames, detour.position().frames);
    // A step that does not leave things as it found them cannot be repeated.
    if (after.kept != recorded_kept_) program_.clear();
}

}  // namespace vultus::infer
