// The frames of a corpus as bytes where the networks are.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "corpus/frame_cache.h"

namespace vultus::image_training {

/// On a GPU all frames, where they take at most half of its free memory; else each batch is fetched from the
/// processor's memory.
class DeviceFrames {
  public:
    /// batch: frames of at() and fetch().
    DeviceFrames(const corpus::FrameCache& cache, torch::Device device, std::int64_t batch);

    /// Chooses the frames of current().
    void fetch(const std::vector<std::int64_t>& frames);
    /// The chosen frames, bytes [batch, 3, S, S]: the same memory each time, so that recorded work reads it.
    torch::Tensor current() const;
    /// Any frames, bytes [B, 3, S, S] on the device.
    torch::Tensor at(const std::vector<std::int64_t>& frames) const;
    bool resident() const { return all_.device() == device_; }

  private:
    torch::Device device_;
    corpus::FrameCache cache_;  ///< keeps the memory of all_
    torch::Tensor all_;         ///< [N, S, S, 3]
    torch::Tensor index_;       ///< [batch] of current(), where all frames are resident
    torch::Tensor staged_;      ///< [batch, S, S, 3], where they are not
};

/// Mean of the frames [3, S, S] in 0..255, rounded, and the standard deviation of a value about it; float64.
/// frames: at most 2000 of these are looked at.
struct FrameStatistics {
    torch::Tensor mean;
    double deviation = 0;
};
FrameStatistics measure_frames(const DeviceFrames& store, const std::vector<std::int64_t>& frames);

}  // namespace vultus::image_training
