#include "streaming/receiver_testonly.h"

#include <gst/app/gstappsink.h>
#include <gst/sdp/sdp.h>
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

#include "base/error.h"

namespace vultus::streaming {
namespace {

GstWebRTCSessionDescription* create(GstElement* webrtc, const char* function, const char* kind) {
    GstPromise* promise = gst_promise_new();
    g_signal_emit_by_name(webrtc, function, nullptr, promise);
    gst_promise_wait(promise);
    GstWebRTCSessionDescription* offer = nullptr;
    gst_structure_get(gst_promise_get_reply(promise), kind, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &offer,
                      nullptr);
    gst_promise_unref(promise);
    require(offer != nullptr, "[webrtc] test: no description");
    return offer;
}

void set(GstElement* webrtc, const char* which, GstWebRTCSessionDescription* description) {
    GstPromise* promise = gst_promise_new();
    g_signal_emit_by_name(webrtc, which, description, promise);
    gst_promise_wait(promise);
    gst_promise_unref(promise);
}

}  // namespace

Receiver::Receiver(bool answers)
    : pipeline_(make_pipeline(
          "webrtcbin name=rtc bundle-policy=max-bundle latency=40  fakesrc name=unused num-buffers=1 ! "
          "fakesink async=false",
          [](void*) {}, nullptr)),
      webrtc_(element_of(pipeline_.get(), "rtc")) {
    GObject* agent = nullptr;
    g_object_get(webrtc_.get(), "ice-agent", &agent, nullptr);
    gboolean added = FALSE;
    g_signal_emit_by_name(agent, "add-local-ip-address", "127.0.0.1", &added);
    g_object_unref(agent);
    for (const char* text :
         {"application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=98",
          "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=111"}) {
        if (answers) break;  // the offer says what there is
        GstCaps* caps = gst_caps_from_string(text);
        GstWebRTCRTPTransceiver* transceiver = nullptr;
        g_signal_emit_by_name(webrtc_.get(), "add-transceiver", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY,
                              caps, &transceiver);
        gst_caps_unref(caps);
        gst_object_unref(transceiver);
    }
    g_signal_connect(webrtc_.get(), "pad-added", G_CALLBACK(on_pad), this);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

Receiver::~Receiver() { pipeline_.reset(); }

std::string Receiver::offer() {
    GstWebRTCSessionDescription* offer = create(webrtc_.get(), "create-offer", "offer");
    set(webrtc_.get(), "set-local-description", offer);
    gst_webrtc_session_description_free(offer);
    return whole_description();
}

std::string Receiver::answer(const std::string& offer) {
    GstSDPMessage* sdp = nullptr;
    require(gst_sdp_message_new_from_text(offer.c_str(), &sdp) == GST_SDP_OK, "[webrtc] test: no offer");
    GstWebRTCSessionDescription* theirs = gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_OFFER, sdp);
    set(webrtc_.get(), "set-remote-description", theirs);
    gst_webrtc_session_description_free(theirs);
    GstWebRTCSessionDescription* ours = create(webrtc_.get(), "create-answer", "answer");
    set(webrtc_.get(), "set-local-description", ours);
    gst_webrtc_session_description_free(ours);
    report_often();
    return whole_description();
}

std::string Receiver::whole_description() {
    for (int i = 0; i < 500; ++i) {
        GstWebRTCICEGatheringState state{};
        g_object_get(webrtc_.get(), "ice-gathering-state", &state, nullptr);
        if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    GstWebRTCSessionDescription* whole = nullptr;
    g_object_get(webrtc_.get(), "local-description", &whole, nullptr);
    gchar* text = gst_sdp_message_as_text(whole->sdp);
    const std::string copy = text;
    g_free(text);
    gst_webrtc_session_description_free(whole);
    return copy;
}

void Receiver::take(const std::string& answer) {
    GstSDPMessage* sdp = nullptr;
    require(gst_sdp_message_new_from_text(answer.c_str(), &sdp) == GST_SDP_OK, "[webrtc] test: no answer");
    GstWebRTCSessionDescription* description =
        gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
    set(webrtc_.get(), "set-remote-description", description);
    gst_webrtc_session_description_free(description);
    report_often();
}

void Receiver::report_often() {
    // Reports as often as browsers send them.
    const GstOwned<GstElement> rtp = element_of(webrtc_.get(), "rtpbin");
    GObject* session = nullptr;
    g_signal_emit_by_name(rtp.get(), "get-internal-session", 0u, &session);
    if (!session) return;
    g_object_set(session, "rtcp-min-interval", guint64{500 * GST_MSECOND}, nullptr);
    g_object_unref(session);
}

void Receiver::on_pad(GstElement*, GstPad* pad, gpointer me) {
    GstCaps* caps = gst_pad_get_current_caps(pad);
    const bool video =
        std::strcmp(gst_structure_get_string(gst_caps_get_structure(caps, 0), "media"), "video") == 0;
    gst_caps_unref(caps);
    auto* receiver = static_cast<Receiver*>(me);
    GstElement* chain = gst_parse_bin_from_description(
        video ? "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=sink "
                "emit-signals=true"
              : "rtpopusdepay ! opusdec ! audioconvert ! audio/x-raw,format=F32LE,rate=48000,channels=1 ! "
                "appsink name=sink emit-signals=true",
        TRUE, nullptr);
    const GstOwned<GstElement> sink(gst_bin_get_by_name(GST_BIN(chain), "sink"));
    g_signal_connect(sink.get(), "new-sample", video ? G_CALLBACK(on_picture) : G_CALLBACK(on_sound), me);
    gst_bin_add(GST_BIN(receiver->pipeline_.get()), chain);
    const GstOwned<GstPad> in(gst_element_get_static_pad(chain, "sink"));
    gst_pad_link(pad, in.get());
    gst_element_sync_state_with_parent(chain);
}

namespace {

/// Takes the sink's next sample: look(bytes, their number, its time in s).
template <typename Look>
GstFlowReturn take_sample(GstElement* sink, Look look) {
    GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(sink));
    if (!sample) return GST_FLOW_EOS;
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    look(map.data, map.size, 1e-9 * static_cast<double>(GST_BUFFER_PTS(buffer)));
    gst_buffer_unmap(buffer, &map);
    gst_sample_unref(sample);
    return GST_FLOW_OK;
}

}  // namespace

GstFlowReturn Receiver::on_picture(GstElement* sink, gpointer me) {
    return take_sample(sink, [me](const guint8* grey, gsize count, double time_s) {
        double sum = 0;
        for (gsize i = 0; i < count; ++i) sum += grey[i];
        auto* receiver = static_cast<Receiver*>(me);
        const std::lock_guard lock(receiver->mutex_);
        receiver->pictures_.push_back({time_s, sum / static_cast<double>(count)});
    });
}

GstFlowReturn Receiver::on_sound(GstElement* sink, gpointer me) {
    return take_sample(sink, [me](const guint8* bytes, gsize size, double time_s) {
        const auto* samples = reinterpret_cast<const float*>(bytes);
        const std::size_t count = size / sizeof(float);
        constexpr std::size_t kPart = 120;
        auto* receiver = static_cast<Receiver*>(me);
        for (std::size_t at = 0; at + kPart <= count; at += kPart) {
            double sum = 0;
            for (std::size_t i = at; i < at + kPart; ++i) sum += samples[i] * samples[i];
            const std::lock_guard lock(receiver->mutex_);
            receiver->sounds_.push_back({time_s + static_cast<double>(at) / 48000, std::sqrt(sum / kPart)});
        }
    });
}

std::vector<Receiver::Seen> Receiver::pictures() {
    const std::lock_guard lock(mutex_);
    return pictures_;
}

std::vector<Receiver::Seen> Receiver::sounds() {
    const std::lock_guard lock(mutex_);
    return sounds_;
}

}  // namespace vultus::streaming
