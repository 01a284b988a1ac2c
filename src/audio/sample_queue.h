// Audio that waits to be taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace vultus::audio {

/// First in, first out, in a ring that grows when it must: a steady stream allocates nothing.
/// Threads  one caller at a time.
class SampleQueue {
  public:
    std::int64_t size() const { return count_; }

    void push(const float* samples, std::int64_t count) {
        if (count_ + count > room()) grow(count_ + count);
        const std::int64_t end = (first_ + count_) % std::max<std::int64_t>(1, room());
        const std::int64_t before_wrap = std::min(count, room() - end);
        std::copy_n(samples, before_wrap, ring_.begin() + end);
        std::copy_n(samples + before_wrap, count - before_wrap, ring_.begin());
        count_ += count;
    }

    /// Appends the oldest `count` samples, at most size(), to `out`.
    void take(std::int64_t count, std::vector<float>& out) {
        const std::int64_t before_wrap = std::min(count, room() - first_);
        out.insert(out.end(), ring_.begin() + first_, ring_.begin() + first_ + before_wrap);
        out.insert(out.end(), ring_.begin(), ring_.begin() + (count - before_wrap));
        count_ -= count;
        first_ = count_ == 0 ? 0 : (first_ + count) % room();
    }

    void clear() { first_ = count_ = 0; }

  private:
    std::int64_t room() const { return static_cast<std::int64_t>(ring_.size()); }
    void grow(std::int64_t needed) {
        const std::int64_t count = count_;
        std::vector<float> larger;
        larger.reserve(static_cast<std::size_t>(std::max(needed, 2 * room())));
        take(count, larger);
        larger.resize(larger.capacity());
        ring_.swap(larger);
        first_ = 0;
        count_ = count;
    }

    std::vector<float> ring_;
    std::int64_t first_ = 0, count_ = 0;
};

}  // namespace vultus::audio
