// Phones frame by frame, as soon as each frame is there.
#pragma once

#include <vector>

#include "alignment/phone_times.h"

namespace vultus::alignment {

/// decode_phones without what comes later: of every frame the phone that the best path so far ends in.
/// Threads  one caller at a time.
class OnlineDecoder {
  public:
    explicit OnlineDecoder(const DecodeOptions& options = {});

    /// log_posteriors: [40] of the next frame, each 20 ms. Errors: kInvalidArgument as decode_phones.
    int next(const std::vector<float>& log_posteriors);
    void restart();

  private:
    DecodeOptions options_;
    std::size_t count_;          ///< states of a phone: its frames, the last one stays
    std::vector<float> scores_;  ///< of each state; empty before the first frame
};

}  // namespace vultus::alignment
