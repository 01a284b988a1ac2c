#include "http/out_queue.h"

#include <utility>

namespace vultus::http {

bool OutQueue::push(Part part) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || finished_ || num_bytes_ + part.bytes->size() > most_bytes_) return false;
        num_bytes_ += part.bytes->size();
        parts_.push_back(std::move(part));
    }
    wake();
    return true;
}

bool OutQueue::push_waiting(Part part) {
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return closed_ || finished_ || num_bytes_ < most_bytes_; });
        if (closed_ || finished_) return false;
        num_bytes_ += part.bytes->size();
        parts_.push_back(std::move(part));
    }
    wake();
    return true;
}

void OutQueue::finish() {
    {
        const std::lock_guard lock(mutex_);
        finished_ = true;
    }
    room_.notify_all();
    wake();
}

void OutQueue::abort() {
    {
        const std::lock_guard lock(mutex_);
        aborted_ = true;
    }
    finish();
}

bool OutQueue::aborted() const {
    const std::lock_guard lock(mutex_);
    return aborted_;
}

void OutQueue::close() {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        parts_.clear();
        num_bytes_ = 0;
        call = std::exchange(wake_, nullptr);
    }
    room_.notify_all();
    if (call) call();
}

bool OutQueue::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

std::optional<OutQueue::Part> OutQueue::take() {
    std::optional<Part> part;
    {
        const std::lock_guard lock(mutex_);
        if (parts_.empty()) return std::nullopt;
        part = std::move(parts_.front());
        parts_.pop_front();
        num_bytes_ -= part->bytes->size();
    }
    room_.notify_all();
    return part;
}

bool OutQueue::ended() const {
    const std::lock_guard lock(mutex_);
    return parts_.empty() && (finished_ || closed_);
}

void OutQueue::set_wake(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    if (!closed_) wake_ = std::move(wake);
}

void OutQueue::wake() {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        call = wake_;
    }
    if (call) call();
}

OutQueue::Part text_part(std::string text) {
    return {std::make_shared<const std::string>(std::move(text)), true};
}

OutQueue::Part bytes_part(std::string bytes) {
    return {std::make_shared<const std::string>(std::move(bytes)), false};
}

}  // namespace vultus::http
