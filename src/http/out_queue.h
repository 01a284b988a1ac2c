// What one thread makes and a connection sends.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace vultus::http {

/// Parts in order, bounded in bytes. Threads  any.
class OutQueue {
  public:
    struct Part {
        std::shared_ptr<const std::string> bytes;
        bool text = false;  ///< of WebSockets: JSON, not media
    };

    explicit OutQueue(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    /// False when it is full or nobody takes any more; then nothing was added.
    bool push(Part part);
    /// Waits while it is full; false when nobody takes any more.
    bool push_waiting(Part part);
    /// No part follows.
    void finish();
    /// No part follows, and something is missing: a stream breaks off instead of ending.
    void abort();
    bool aborted() const;
    /// Nobody takes any more: what waits is dropped.
    void close();
    bool closed() const;

    /// The next part, if there is one.
    std::optional<Part> take();
    /// No part is there and none follows.
    bool ended() const;
    /// Called after every change on the producer's side, on its thread.
    void set_wake(std::function<void()> wake);

  private:
    void wake();

    const std::size_t most_bytes_;
    mutable std::mutex mutex_;
    std::condition_variable room_;
    std::deque<Part> parts_;
    std::size_t num_bytes_ = 0;
    bool finished_ = false, closed_ = false, aborted_ = false;
    std::function<void()> wake_;
};

/// Text as a part.
OutQueue::Part text_part(std::string text);
OutQueue::Part bytes_part(std::string bytes);

}  // namespace vultus::http
