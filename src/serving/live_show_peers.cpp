// A live session's viewers by WebRTC.
#include "base/error.h"
#include "serving/live_show.h"

namespace vultus::serving {

std::shared_ptr<streaming::WebRtcFeed> LiveShow::feed() const {
    const std::lock_guard lock(viewers_mutex_);
    return feed_;
}

/// On any thread: the feed counts its viewers.
void LiveShow::count_peers(std::size_t num_peers) {
    const std::lock_guard lock(viewers_mutex_);
    if (stop_) return;
    metrics_.viewers += static_cast<std::int64_t>(num_peers) - static_cast<std::int64_t>(num_peers_);
    num_peers_ = num_peers;
    last_use_ = std::chrono::steady_clock::now();
    watch_begins_.notify_all();
}

streaming::WebRtcFeed::Answer LiveShow::add_peer(const std::string& offer) {
    std::shared_ptr<streaming::WebRtcFeed> feed = this->feed();
    if (!feed) {
        streaming::WebRtcOptions options;
        options.size_px = person_->talker->size_px();
        options.fps_num = person_->talker->person().fps_num;
        options.fps_den = person_->talker->person().fps_den;
        options.address = options_.address;
        options.on_peers = [this](std::size_t count) { count_peers(count); };
        auto made = std::make_shared<streaming::WebRtcFeed>(options);
        const std::lock_guard lock(viewers_mutex_);
        if (stop_) fail(ErrorCode::kCancelled, "[server] the session has ended");
        if (!feed_) feed_.swap(made);
        feed = feed_;
    }
    return feed->add_peer(new_id(), offer);
}

bool LiveShow::add_candidates(const std::string& peer, const std::string& fragment) {
    const auto feed = this->feed();
    return feed && feed->add_candidates(peer, fragment);
}

bool LiveShow::remove_peer(const std::string& peer) {
    const auto feed = this->feed();
    return feed && feed->remove_peer(peer);
}

}  // namespace vultus::serving
