// Owners of GStreamer's objects, and its start.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace vultus::streaming {

struct Unref {
    void operator()(void* object) const { gst_object_unref(object); }
};
/// Of elements, pads, objects.
template <typename T>
using GstOwned = std::unique_ptr<T, Unref>;

/// A pipeline that is stopped before it goes.
struct StopAndUnref {
    void operator()(GstElement* pipeline) const {
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(pipeline);
    }
};
using Pipeline = std::unique_ptr<GstElement, StopAndUnref>;

/// A pipeline from its description, whose messages nobody reads: errors call on_error. Starts GStreamer.
/// Errors: kUnsupported, with the element that is missing.
Pipeline make_pipeline(const char* description, void (*on_error)(void*), void* data);

/// An element by its name, which must be there.
GstOwned<GstElement> element_of(GstElement* pipeline, const char* name);

}  // namespace vultus::streaming
