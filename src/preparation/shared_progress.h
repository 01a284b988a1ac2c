// One progress line for many recordings at once.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/progress.h"

namespace vultus::preparation {

/// A progress line that several threads advance.
class SharedProgress {
  public:
    SharedProgress(std::string label, std::int64_t total) : progress_(std::move(label), "frames", total) {}
    void add(std::int64_t frames) {
        const std::lock_guard<std::mutex> lock(mutex_);
        progress_.update(done_ += frames);
    }

  private:
    std::mutex mutex_;
    Progress progress_;
    std::int64_t done_ = 0;
};

}  // namespace vultus::preparation
