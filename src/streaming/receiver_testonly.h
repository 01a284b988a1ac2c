// A viewer as browsers are, made of webrtcbin.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <string>
#include <vector>

#include "streaming/gst_handles.h"

namespace vultus::streaming {

class Receiver {
  public:
    /// answers: it takes an offer instead of making one.
    explicit Receiver(bool answers = false);
    ~Receiver();
    /// With all its candidates, which lie on 127.0.0.1.
    std::string offer();
    void take(const std::string& answer);
    std::string answer(const std::string& offer);

    struct Seen {
        double at_s;  ///< when it was due to be shown
        double level;
    };
    /// Mean grey level 0..255 of each picture; root mean square of each 2.5 ms of sound.
    std::vector<Seen> pictures();
    std::vector<Seen> sounds();

  private:
    std::string whole_description();
    void report_often();
    static void on_pad(GstElement*, GstPad* pad, gpointer me);
    static GstFlowReturn on_picture(GstElement* sink, gpointer me);
    static GstFlowReturn on_sound(GstElement* sink, gpointer me);
    std::mutex mutex_;
    std::vector<Seen> pictures_, sounds_;
    Pipeline pipeline_;
    GstOwned<GstElement> webrtc_;
};

}  // namespace vultus::streaming
