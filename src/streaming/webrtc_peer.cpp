#include "streaming/webrtc_peer.h"

#include <gst/app/gstappsrc.h>
#include <gst/sdp/sdp.h>
#include <gst/video/video.h>
#define GST_USE_UNSTABLE_API
#include <fmt/format.h>
#include <gst/webrtc/webrtc.h>

#include <sstream>

#include "base/error.h"

namespace vultus::streaming {
namespace {

constexpr int kVideoPayload = 96, kAudioPayload = 111;  ///< of our offers, as browsers number them
constexpr auto kMostGathering = std::chrono::seconds(5);

struct DescriptionFree {
    void operator()(GstWebRTCSessionDescription* description) const {
        gst_webrtc_session_description_free(description);
    }
};
using Description = std::unique_ptr<GstWebRTCSessionDescription, DescriptionFree>;

/// Calls one of webrtcbin's functions that answer later, and waits. result: the field that is wanted.
Description ask(GstElement* webrtc, const char* function, void* argument, const char* result) {
    GstPromise* promise = gst_promise_new();
    g_signal_emit_by_name(webrtc, function, argument, promise);
    Description description;
    std::string problem;
    if (gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED) {
        const GstStructure* reply = gst_promise_get_reply(promise);
        GError* error = nullptr;
        if (reply && gst_structure_has_field(reply, "error")) {
            gst_structure_get(reply, "error", G_TYPE_ERROR, &error, nullptr);
            problem = error ? error->message : "unknown";
            g_clear_error(&error);
        } else if (reply && result) {
            GstWebRTCSessionDescription* got = nullptr;
            gst_structure_get(reply, result, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &got, nullptr);
            description.reset(got);
        }
    } else {
        problem = "no reply";
    }
    gst_promise_unref(promise);
    if (problem.empty() && result && !description) problem = "no description";
    for (char& c : problem)
        if (c == '\n' || c == '\r') c = ' ';
    if (!problem.empty())
        fail(ErrorCode::kInvalidArgument, "[webrtc] {}: webrtcbin says: {}", function, problem);
    return description;
}

std::string text_of(const GstSDPMessage* sdp) {
    gchar* text = gst_sdp_message_as_text(sdp);
    std::string copy = text;
    g_free(text);
    return copy;
}

/// Tells that sound and picture are of one stream (RFC 8830), so that players keep them in step.
std::string with_stream_id(const std::string& description) {
    std::string text, kind = "session";
    std::istringstream in(description);
    for (std::string line; std::getline(in, line);) {
        text += line + "\n";
        if (line.rfind("m=", 0) == 0) kind = line.substr(2, line.find(' ') - 2);
        if (line.rfind("a=mid:", 0) == 0) text += "a=msid:vultus " + kind + "\r\n";
    }
    return text;
}

/// Pictures or sound that would be sent, by the answer.
bool sends_something(const std::string& answer) {
    return answer.find("a=sendonly") != std::string::npos || answer.find("a=sendrecv") != std::string::npos;
}

}  // namespace

WebRtcPeer::WebRtcPeer(const Offer& offer, const PeerOptions& options)
    : options_(options), mids_(offer.mids), heard_(std::chrono::steady_clock::now()) {
    make_tracks(offer.video.payload, offer.audio.payload);
    start();
    try {
        answer(offer);
    } catch (...) {
        stop();
        throw;
    }
}

WebRtcPeer::WebRtcPeer(const PeerOptions& options)
    : options_(options), heard_(std::chrono::steady_clock::now()) {
    make_tracks(kVideoPayload, kAudioPayload);
    start();
    try {
        offer();
    } catch (...) {
        stop();
        throw;
    }
}

void WebRtcPeer::make_tracks(int video_payload, int audio_payload) {
    // What comes in a hurry is dropped, oldest first: it never waits for this viewer.
    std::string description = "webrtcbin name=rtc bundle-policy=max-bundle ";
    constexpr const char* kSource =
        "is-live=true format=time block=false max-buffers=50 leaky-type=downstream";
    if (video_payload >= 0)
        description +=
            fmt::format("appsrc name=video {} ! rtpvp8pay name=pay0 mtu=1200 picture-id-mode=15-bit pt={} ",
                        kSource, video_payload);
    if (audio_payload >= 0)
        description += fmt::format("appsrc name=audio {} ! rtpopuspay name=pay1 mtu=1200 pt={} ", kSource,
                                   audio_payload);
    pipeline_ = make_pipeline(description.c_str(), on_failure, this);
    webrtc_ = element_of(pipeline_.get(), "rtc");
    if (video_payload >= 0) {
        video_.source = element_of(pipeline_.get(), "video");
        add_track("pay0",
                  fmt::format("application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload={}",
                              video_payload)
                      .c_str());
    }
    if (audio_payload >= 0) {
        audio_.source = element_of(pipeline_.get(), "audio");
        add_track(
            "pay1",
            fmt::format("application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,{}payload={}",
                        mids_.empty() ? "encoding-params=(string)2," : "", audio_payload)
                .c_str());
    }
}

/// Before what its threads use goes.
void WebRtcPeer::stop() {
    g_signal_handlers_disconnect_by_data(webrtc_.get(), this);
    pipeline_.reset();
}

WebRtcPeer::~WebRtcPeer() { stop(); }

void WebRtcPeer::add_track(const char* payloader, const char* caps) {
    const GstOwned<GstElement> pay = element_of(pipeline_.get(), payloader);
    const GstOwned<GstPad> out(gst_element_get_static_pad(pay.get(), "src"));
    GstCaps* preferences = gst_caps_from_string(caps);
    // With caps, or the second track would get the first one's transceiver.
    const GstOwned<GstPad> in(gst_element_request_pad(
        webrtc_.get(), gst_element_get_pad_template(webrtc_.get(), "sink_%u"), nullptr, preferences));
    require(in && gst_pad_link(out.get(), in.get()) == GST_PAD_LINK_OK, "[webrtc] {} has no place",
            payloader);
    GstWebRTCRTPTransceiver* transceiver = nullptr;
    g_object_get(in.get(), "transceiver", &transceiver, nullptr);
    g_object_set(transceiver, "codec-preferences", preferences, "direction",
                 GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY, nullptr);
    gst_caps_unref(preferences);
    gst_object_unref(transceiver);
    gst_pad_add_probe(out.get(), GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream, this, nullptr);
}

void WebRtcPeer::start() {
    GObject* agent = nullptr;
    g_object_get(webrtc_.get(), "ice-agent", &agent, nullptr);
    // Over TCP what a slow viewer does not take would be kept without bound.
    g_object_set(agent, "ice-tcp", FALSE, nullptr);
    for (const std::string& address : options_.addresses) {
        gboolean added = FALSE;
        g_signal_emit_by_name(agent, "add-local-ip-address", address.c_str(), &added);
    }
    g_object_unref(agent);
    const GstOwned<GstElement> rtp = element_of(webrtc_.get(), "rtpbin");
    // Sender reports by the frames' own times, so that sound and picture are in step to the sample.
    g_object_set(rtp.get(), "rtcp-sync-send-time", FALSE, nullptr);
    g_signal_connect(rtp.get(), "on-ssrc-active", G_CALLBACK(on_report), this);
    g_signal_connect(webrtc_.get(), "notify::connection-state", G_CALLBACK(on_state), this);
    g_signal_connect(webrtc_.get(), "notify::ice-connection-state", G_CALLBACK(on_state), this);
    g_signal_connect(webrtc_.get(), "notify::ice-gathering-state", G_CALLBACK(on_gathering), this);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void WebRtcPeer::answer(const Offer& offer) {
    GstSDPMessage* sdp = nullptr;
    if (gst_sdp_message_new_from_text(offer.sdp.c_str(), &sdp) != GST_SDP_OK)
        fail(ErrorCode::kInvalidArgument, "[webrtc] offer: expected SDP");
    const Description theirs(gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_OFFER, sdp));
    ask(webrtc_.get(), "set-remote-description", theirs.get(), nullptr);
    const Description ours = ask(webrtc_.get(), "create-answer", nullptr, "answer");
    if (!sends_something(text_of(ours->sdp)))
        fail(ErrorCode::kInvalidArgument, "[webrtc] offer: expected VP8 or Opus that is to be received");
    ask(webrtc_.get(), "set-local-description", ours.get(), nullptr);
    describe();
}

void WebRtcPeer::offer() {
    const Description ours = ask(webrtc_.get(), "create-offer", nullptr, "offer");
    ask(webrtc_.get(), "set-local-description", ours.get(), nullptr);
    describe();
}

void WebRtcPeer::take_answer(const std::string& answer) {
    GstSDPMessage* sdp = nullptr;
    if (answer.rfind("v=0", 0) != 0 || gst_sdp_message_new_from_text(answer.c_str(), &sdp) != GST_SDP_OK)
        fail(ErrorCode::kInvalidArgument, "[webrtc] answer: expected SDP, which begins with v=0");
    const Description theirs(gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_ANSWER, sdp));
    if (answer.find("a=recvonly") == std::string::npos && answer.find("a=sendrecv") == std::string::npos)
        fail(ErrorCode::kInvalidArgument,
             "[webrtc] answer: expected VP8 or Opus to be received, got neither");
    ask(webrtc_.get(), "set-remote-description", theirs.get(), nullptr);
}

void WebRtcPeer::describe() {
    wait_for_addresses();
    GstWebRTCSessionDescription* whole = nullptr;
    g_object_get(webrtc_.get(), "local-description", &whole, nullptr);
    const Description owned(whole);
    require(whole != nullptr, "[webrtc] no description");
    description_ = with_stream_id(text_of(whole->sdp));
}

void WebRtcPeer::wait_for_addresses() {
    on_gathering(nullptr, nullptr, this);
    std::unique_lock lock(mutex_);
    gathered_.wait_for(lock, kMostGathering, [&] { return all_gathered_; });
}

void WebRtcPeer::add_candidates(const std::vector<Candidate>& candidates) {
    for (const Candidate& candidate : candidates)
        g_signal_emit_by_name(webrtc_.get(), "add-ice-candidate", candidate.media, candidate.line.c_str());
}

void WebRtcPeer::push(GstSample* sample, bool video) {
    if (!connected_ || failed_) return;
    Track& track = video ? video_ : audio_;
    if (!track.source) return;
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    const std::lock_guard lock(mutex_);
    if (!track.begun) {
        if (video && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)) return;
        gst_app_src_set_caps(GST_APP_SRC(track.source.get()), gst_sample_get_caps(sample));
        track.begun = true;
    }
    if (!timed_) {
        const auto now = static_cast<GstClockTimeDiff>(gst_element_get_current_running_time(pipeline_.get()));
        to_running_time_ = now - static_cast<GstClockTimeDiff>(GST_BUFFER_PTS(buffer));
        timed_ = true;
    }
    GstBuffer* mine = gst_buffer_copy(buffer);  // shares the bytes
    const auto time = static_cast<GstClockTimeDiff>(GST_BUFFER_PTS(buffer)) + to_running_time_;
    GST_BUFFER_PTS(mine) = GST_BUFFER_DTS(mine) =
        static_cast<GstClockTime>(std::max<GstClockTimeDiff>(0, time));
    gst_app_src_push_buffer(GST_APP_SRC(track.source.get()), mine);
}

bool WebRtcPeer::gone() const {
    const std::chrono::duration<double> quiet = std::chrono::steady_clock::now() - heard_.load();
    return failed_ || quiet.count() > options_.silence_s;
}

void WebRtcPeer::state_changed() {
    GstWebRTCPeerConnectionState state{};
    GstWebRTCICEConnectionState ice{};
    g_object_get(webrtc_.get(), "connection-state", &state, "ice-connection-state", &ice, nullptr);
    if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED && !connected_.exchange(true)) {
        heard();
        options_.on_key();
    }
    if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED ||
        state == GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED || ice == GST_WEBRTC_ICE_CONNECTION_STATE_FAILED)
        failed_ = true;
    options_.on_change();
}

void WebRtcPeer::on_failure(void* me) {
    auto* peer = static_cast<WebRtcPeer*>(me);
    peer->failed_ = true;
    peer->options_.on_change();
}

void WebRtcPeer::on_state(GObject*, GParamSpec*, gpointer me) {
    static_cast<WebRtcPeer*>(me)->state_changed();
}

void WebRtcPeer::on_gathering(GObject*, GParamSpec*, gpointer me) {
    auto* peer = static_cast<WebRtcPeer*>(me);
    GstWebRTCICEGatheringState state{};
    g_object_get(peer->webrtc_.get(), "ice-gathering-state", &state, nullptr);
    if (state != GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE) return;
    const std::lock_guard lock(peer->mutex_);
    peer->all_gathered_ = true;
    peer->gathered_.notify_all();
}

void WebRtcPeer::on_report(GstElement*, guint, guint, gpointer me) { static_cast<WebRtcPeer*>(me)->heard(); }

GstPadProbeReturn WebRtcPeer::on_upstream(GstPad*, GstPadProbeInfo* info, gpointer me) {
    if (gst_video_event_is_force_key_unit(GST_PAD_PROBE_INFO_EVENT(info)))
        static_cast<WebRtcPeer*>(me)->options_.on_key();
    return GST_PAD_PROBE_OK;
}

}  // namespace vultus::streaming
