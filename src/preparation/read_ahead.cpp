#include "preparation/read_ahead.h"

#include <utility>

namespace vultus::preparation {
namespace {
constexpr std::size_t kMostReady = 4;
}

ReadAhead::ReadAhead(media::VideoReader& reader, std::int64_t most)
    : reader_(reader), thread_([this, most] { decode_all(most); }) {}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void ReadAhead::decode_all(std::int64_t most) {
    media::Image image;
    bool more = true;
    for (std::int64_t i = 0; more && i < most; ++i) {
        std::exception_ptr error;
        try {
            more = reader_.read(image);
        } catch (...) {
            error = std::current_exception();
        }
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop_ || ready_.size() < kMostReady; });
        if (stop_) return;
        error_ = error;
        more = more && !error;
        if (!more) break;
        ready_.push_back(std::move(image));
        image = {};
        if (!spare_.empty()) {
            image = std::move(spare_.back());
            spare_.pop_back();
        }
        changed_.notify_all();
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

bool ReadAhead::read(media::Image& image) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || !ready_.empty(); });
    if (ready_.empty()) {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        return false;
    }
    std::swap(image, ready_.front());
    spare_.push_back(std::move(ready_.front()));
    ready_.pop_front();
    changed_.notify_all();
    return true;
}

}  // namespace vultus::preparation
