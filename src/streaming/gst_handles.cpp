#include "streaming/gst_handles.h"

#include <mutex>

#include "base/error.h"

namespace vultus::streaming {
namespace {

struct Needed {
    const char *element, *package;
};
constexpr Needed kNeeded[] = {{"appsrc", "gstreamer1.0-plugins-base"},
                              {"videoconvert", "gstreamer1.0-plugins-base"},
                              {"audioconvert", "gstreamer1.0-plugins-base"},
                              {"opusenc", "gstreamer1.0-plugins-base"},
                              {"vp8enc", "gstreamer1.0-plugins-good"},
                              {"rtpvp8pay", "gstreamer1.0-plugins-good"},
                              {"rtpbin", "gstreamer1.0-plugins-good"},
                              {"webrtcbin", "gstreamer1.0-plugins-bad"},
                              {"dtlsenc", "gstreamer1.0-plugins-bad"},
                              {"srtpenc", "gstreamer1.0-plugins-bad"},
                              {"nicesink", "gstreamer1.0-nice"}};

void start_gstreamer() {
    static std::mutex mutex;
    static bool started = false;
    const std::lock_guard lock(mutex);
    if (started) return;
    GError* error = nullptr;
    if (!gst_init_check(nullptr, nullptr, &error)) {
        const std::string message = error ? error->message : "unknown";
        g_clear_error(&error);
        fail(ErrorCode::kUnsupported, "[webrtc] GStreamer does not start: {}", message);
    }
    for (const Needed& needed : kNeeded) {
        GstElementFactory* factory = gst_element_factory_find(needed.element);
        if (!factory)
            fail(ErrorCode::kUnsupported, "[webrtc] GStreamer has no {} here (Debian: {})", needed.element,
                 needed.package);
        gst_object_unref(factory);
    }
    started = true;
}

struct OnError {
    void (*call)(void*);
    void* data;
};

GstBusSyncReply read_message(GstBus*, GstMessage* message, gpointer data) {
    const auto* on_error = static_cast<const OnError*>(data);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) on_error->call(on_error->data);
    gst_message_unref(message);
    return GST_BUS_DROP;
}

}  // namespace

Pipeline make_pipeline(const char* description, void (*on_error)(void*), void* data) {
    start_gstreamer();
    GError* error = nullptr;
    GstElement* made = gst_parse_launch_full(description, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!made) {
        const std::string message = error ? error->message : "unknown";
        g_clear_error(&error);
        fail(ErrorCode::kUnsupported, "[webrtc] GStreamer makes no pipeline: {}", message);
    }
    gst_object_ref_sink(made);
    Pipeline pipeline(made);
    require(GST_IS_PIPELINE(made), "[webrtc] expected a pipeline of several elements");
    GstBus* bus = gst_element_get_bus(pipeline.get());
    gst_bus_set_sync_handler(bus, read_message, new OnError{on_error, data},
                             [](gpointer owned) { delete static_cast<OnError*>(owned); });
    gst_object_unref(bus);
    return pipeline;
}

GstOwned<GstElement> element_of(GstElement* pipeline, const char* name) {
    GstOwned<GstElement> element(gst_bin_get_by_name(GST_BIN(pipeline), name));
    require(element != nullptr, "[webrtc] no element {}", name);
    return element;
}

}  // namespace vultus::streaming
