#include "streaming/webrtc_feed.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>

#include <map>
#include <thread>

#include "base/error.h"
#include "streaming/webrtc_peer.h"

namespace vultus::streaming {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kBetweenKeys = std::chrono::milliseconds(300);
constexpr double kBitsPerPixel = 0.15;
constexpr int kLeastBits = 300000;

/// What ICE offers: the address listened on, or all of the machine's.
std::vector<std::string> addresses_of(const std::string& listening) {
    if (listening != "0.0.0.0" && listening != "::") return {listening};
    std::vector<std::string> all;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return all;
    for (const ifaddrs* one = list; one; one = one->ifa_next) {
        if (!one->ifa_addr || !(one->ifa_flags & IFF_UP)) continue;
        const int family = one->ifa_addr->sa_family;
        if (family != AF_INET && !(family == AF_INET6 && listening == "::")) continue;
        char name[NI_MAXHOST];
        const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        if (::getnameinfo(one->ifa_addr, size, name, sizeof name, nullptr, 0, NI_NUMERICHOST) == 0 &&
            std::string(name).find('%') == std::string::npos)  // link-local
            all.emplace_back(name);
    }
    ::freeifaddrs(list);
    return all;
}

std::string encoder_description(const WebRtcOptions& options) {
    const double fps = static_cast<double>(options.fps_num) / options.fps_den;
    const int bits = kLeastBits + static_cast<int>(kBitsPerPixel * options.size_px * options.size_px * fps);
    return fmt::format(
        "appsrc name=video is-live=true format=time block=false max-buffers=4 leaky-type=downstream "
        "caps=video/x-raw,format=RGB,width={0},height={0},framerate={1}/{2} ! videoconvert ! "
        "video/x-raw,format=I420 ! "
        "vp8enc deadline=1 cpu-used=4 end-usage=cbr target-bitrate={3} keyframe-max-dist=250 lag-in-frames=0 "
        "min-quantizer=4 max-quantizer=50 threads=1 ! appsink name=vp8 sync=false "
        "appsrc name=audio is-live=true format=time block=false max-buffers=50 leaky-type=downstream "
        "caps=audio/x-raw,format=F32LE,rate={4},channels=1,layout=interleaved ! audioconvert ! "
        "opusenc audio-type=voice frame-size=20 bitrate=40000 ! appsink name=opus sync=false",
        options.size_px, options.fps_num, options.fps_den, bits, options.sample_rate_hz);
}

}  // namespace

struct WebRtcFeed::Impl {
    explicit Impl(const WebRtcOptions& options_)
        : options(options_),
          addresses(addresses_of(options_.address)),
          pipeline(make_pipeline(
              encoder_description(options_).c_str(), [](void*) {}, nullptr)),
          video(element_of(pipeline.get(), "video")),
          audio(element_of(pipeline.get(), "audio")),
          vp8(element_of(pipeline.get(), "vp8")),
          opus(element_of(pipeline.get(), "opus")) {
        GstAppSinkCallbacks callbacks{};
        callbacks.new_sample = [](GstAppSink* sink, gpointer me) {
            return static_cast<Impl*>(me)->pass_on(sink);
        };
        for (GstElement* sink : {vp8.get(), opus.get()})
            gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
        gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
        janitor = std::thread([this] { let_go_all(); });
    }
    ~Impl() {
        {
            const std::lock_guard lock(mutex);
            stop = true;
            changed.notify_all();
        }
        janitor.join();
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
        peers.clear();
    }

    /// A new peer; offer: null where we make it.
    std::shared_ptr<WebRtcPeer> join(const std::string& id, const Offer* offer);
    /// Null: no such peer.
    std::shared_ptr<WebRtcPeer> find(const std::string& id);

    GstFlowReturn pass_on(GstAppSink* sink) {
        GstSample* sample = gst_app_sink_pull_sample(sink);
        if (!sample) return GST_FLOW_EOS;
        const bool is_video = GST_ELEMENT(sink) == vp8.get();
        {
            const std::lock_guard lock(mutex);
            for (const auto& [id, peer] : peers) peer->push(sample, is_video);
        }
        gst_sample_unref(sample);
        return GST_FLOW_OK;
    }

    void let_go_all() {
        std::unique_lock lock(mutex);
        while (!stop) {
            changed.wait_for(lock, peers.empty() ? std::chrono::hours(1) : std::chrono::seconds(1));
            std::vector<std::shared_ptr<WebRtcPeer>> gone;
            std::size_t num_connected = 0;
            for (auto at = peers.begin(); at != peers.end();) {
                if (at->second->gone()) {
                    gone.push_back(std::move(at->second));
                    at = peers.erase(at);
                } else {
                    num_connected += at->second->connected();
                    ++at;
                }
            }
            somebody = num_connected > 0;
            if (gone.empty()) continue;
            const std::size_t left = peers.size();
            lock.unlock();
            gone.clear();  // takes its time
            if (options.on_peers) options.on_peers(left);
            lock.lock();
        }
    }

    void want_key() { key_wanted = true; }
    void force_key_if_due() {
        const auto now = Clock::now();
        if (!key_wanted || now - last_key < kBetweenKeys) return;
        key_wanted = false;
        last_key = now;
        gst_element_send_event(vp8.get(),
                               gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 1));
    }

    const WebRtcOptions options;
    const std::vector<std::string> addresses;
    std::atomic<bool> somebody{false}, key_wanted{true};
    Clock::time_point last_key{};                   ///< of the thread that shows
    std::uint64_t num_frames = 0, num_samples = 0;  ///< of the thread that shows

    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, std::shared_ptr<WebRtcPeer>> peers;
    std::size_t num_joining = 0;
    bool stop = false;

    Pipeline pipeline;
    GstOwned<GstElement> video, audio, vp8, opus;
    std::thread janitor;
};

WebRtcFeed::WebRtcFeed(const WebRtcOptions& options) {
    require(options.size_px % 4 == 0, "[webrtc] expected a size that 4 divides, got {}", options.size_px);
    impl_ = std::make_unique<Impl>(options);
}

WebRtcFeed::~WebRtcFeed() = default;

std::shared_ptr<WebRtcPeer> WebRtcFeed::Impl::join(const std::string& id, const Offer* offer) {
    {
        const std::lock_guard lock(mutex);
        if (peers.size() + num_joining >= options.most_peers)
            fail(ErrorCode::kCancelled, "[webrtc] expected at most {} viewers of a session",
                 options.most_peers);
        ++num_joining;
    }
    struct Joined {
        Impl& me;
        ~Joined() {
            const std::lock_guard lock(me.mutex);
            --me.num_joining;
        }
    } joined{*this};
    PeerOptions peer_options;
    peer_options.addresses = addresses;
    peer_options.silence_s = options.silence_s;
    // Without the lock: these may come while samples are passed on.
    peer_options.on_change = [this] {
        somebody = true;  // until the janitor has counted
        changed.notify_all();
    };
    peer_options.on_key = [this] { want_key(); };
    const auto peer = offer ? std::make_shared<WebRtcPeer>(*offer, peer_options)
                            : std::make_shared<WebRtcPeer>(peer_options);
    std::size_t count = 0;
    {
        const std::lock_guard lock(mutex);
        peers[id] = peer;
        count = peers.size();
        changed.notify_all();
    }
    if (options.on_peers) options.on_peers(count);
    return peer;
}

std::shared_ptr<WebRtcPeer> WebRtcFeed::Impl::find(const std::string& id) {
    const std::lock_guard lock(mutex);
    const auto found = peers.find(id);
    return found == peers.end() ? nullptr : found->second;
}

WebRtcFeed::Answer WebRtcFeed::add_peer(const std::string& id, const std::string& sdp) {
    const Offer offer = parse_offer(sdp);
    return {id, impl_->join(id, &offer)->description()};
}

std::string WebRtcFeed::offer_to(const std::string& id) { return impl_->join(id, nullptr)->description(); }

void WebRtcFeed::take_answer(const std::string& id, const std::string& answer) {
    if (const auto peer = impl_->find(id)) peer->take_answer(answer);
}

WebRtcFeed::PeerState WebRtcFeed::state_of(const std::string& id) const {
    const auto peer = impl_->find(id);
    if (!peer || peer->gone()) return PeerState::kNone;
    return peer->connected() ? PeerState::kConnected : PeerState::kConnecting;
}

bool WebRtcFeed::add_candidates(const std::string& id, const std::string& fragment) {
    const auto peer = impl_->find(id);
    if (!peer) return false;
    peer->add_candidates(parse_candidates(fragment, peer->mids()));
    return true;
}

bool WebRtcFeed::remove_peer(const std::string& id) {
    std::shared_ptr<WebRtcPeer> peer;
    std::size_t left = 0;
    {
        const std::lock_guard lock(impl_->mutex);
        const auto found = impl_->peers.find(id);
        if (found == impl_->peers.end()) return false;
        peer = std::move(found->second);
        impl_->peers.erase(found);
        left = impl_->peers.size();
        impl_->changed.notify_all();
    }
    peer.reset();
    if (impl_->options.on_peers) impl_->options.on_peers(left);
    return true;
}

void WebRtcFeed::show(const std::uint8_t* rgb, const float* sound, std::size_t num_samples) {
    Impl& me = *impl_;
    if (!me.somebody) return;
    me.force_key_if_due();
    const auto at = [](std::uint64_t count, std::uint64_t per, std::uint64_t of) {
        return gst_util_uint64_scale(count, GST_SECOND * per, of);
    };
    const auto fps_num = static_cast<std::uint64_t>(me.options.fps_num),
               fps_den = static_cast<std::uint64_t>(me.options.fps_den);
    const auto rate = static_cast<std::uint64_t>(me.options.sample_rate_hz);
    if (num_samples > 0) {
        GstBuffer* heard = gst_buffer_new_memdup(sound, num_samples * sizeof(float));
        GST_BUFFER_PTS(heard) = at(me.num_samples, 1, rate);
        me.num_samples += num_samples;
        GST_BUFFER_DURATION(heard) = at(me.num_samples, 1, rate) - GST_BUFFER_PTS(heard);
        gst_app_src_push_buffer(GST_APP_SRC(me.audio.get()), heard);
    }
    const std::size_t size =
        3 * static_cast<std::size_t>(me.options.size_px) * static_cast<std::size_t>(me.options.size_px);
    GstBuffer* seen = gst_buffer_new_memdup(rgb, size);
    GST_BUFFER_PTS(seen) = at(me.num_frames++, fps_den, fps_num);
    GST_BUFFER_DURATION(seen) = at(me.num_frames, fps_den, fps_num) - GST_BUFFER_PTS(seen);
    gst_app_src_push_buffer(GST_APP_SRC(me.video.get()), seen);
}

}  // namespace vultus::streaming
