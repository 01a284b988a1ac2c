// One WebRTC viewer, or a server that is sent to.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "streaming/gst_handles.h"
#include "streaming/offer.h"

namespace vultus::streaming {

struct PeerOptions {
    std::vector<std::string> addresses;  ///< that ICE offers
    double silence_s = 20;
    std::function<void()> on_change;  ///< connected or gone; on GStreamer's threads
    std::function<void()> on_key;     ///< the viewer cannot go on without a key frame; on GStreamer's threads
};

/// A pipeline from encoded samples to webrtcbin. Threads  any; not destroyed on one of GStreamer's.
class WebRtcPeer {
  public:
    /// Answers. Errors: kInvalidArgument, where webrtcbin takes the offer for none.
    WebRtcPeer(const Offer& offer, const PeerOptions& options);
    /// Offers to send VP8 and Opus; take_answer() is to follow.
    explicit WebRtcPeer(const PeerOptions& options);
    ~WebRtcPeer();
    WebRtcPeer(const WebRtcPeer&) = delete;
    WebRtcPeer& operator=(const WebRtcPeer&) = delete;

    /// The answer, or the offer, with all candidates.
    const std::string& description() const { return description_; }
    /// Errors: kInvalidArgument for what is no answer, or takes neither VP8 nor Opus.
    void take_answer(const std::string& sdp);
    void add_candidates(const std::vector<Candidate>& candidates);
    const std::vector<std::string>& mids() const { return mids_; }

    /// A VP8 frame or an Opus packet, with the time that both are counted in. Returns at once.
    void push(GstSample* sample, bool video);
    bool connected() const { return connected_; }
    /// Left, never came, or has given no sign of life for long.
    bool gone() const;

  private:
    struct Track {
        GstOwned<GstElement> source;
        bool begun = false;
    };
    void add_track(const char* name, const char* caps);
    void make_tracks(int video_payload, int audio_payload);
    void start();
    void stop();
    void answer(const Offer& offer);
    void offer();
    /// After the local description is set.
    void describe();
    void wait_for_addresses();
    void state_changed();
    void heard() { heard_ = std::chrono::steady_clock::now(); }
    static void on_failure(void* me);
    static void on_state(GObject*, GParamSpec*, gpointer me);
    static void on_gathering(GObject*, GParamSpec*, gpointer me);
    static void on_report(GstElement*, guint, guint, gpointer me);
    static GstPadProbeReturn on_upstream(GstPad*, GstPadProbeInfo* info, gpointer me);

    const PeerOptions options_;
    std::vector<std::string> mids_;
    std::string description_;
    Pipeline pipeline_;
    GstOwned<GstElement> webrtc_;
    Track video_, audio_;
    std::mutex mutex_;
    std::condition_variable gathered_;
    bool all_gathered_ = false;
    GstClockTimeDiff to_running_time_ = 0;
    bool timed_ = false;
    std::atomic<bool> connected_{false}, failed_{false};
    std::atomic<std::chrono::steady_clock::time_point> heard_;
};

}  // namespace vultus::streaming
