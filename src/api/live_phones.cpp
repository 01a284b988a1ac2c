// Live phones of the C API: sound in, phones and visemes out.
#include "transcription/live_phones.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "api/guard.h"
#include "api/handles.h"
#include "api/listeners.h"

using namespace vultus;
using namespace vultus::api;

namespace {

/// Calls take turns.
struct OpenLivePhones {
    OpenLivePhones(std::shared_ptr<transcription::SpeechListener> listener_, int rate_hz)
        : listener(std::move(listener_)), live(listener->recognizer(), rate_hz) {}

    std::shared_ptr<transcription::SpeechListener> listener;  ///< whose weights it hears with
    transcription::LivePhones live;
    std::mutex mutex;
};

using AllLivePhones = Handles<vultus_live_phones, OpenLivePhones>;

}  // namespace

void vultus_live_phone_init(vultus_live_phone* phone) {
    if (phone) *phone = blank<vultus_live_phone>();
}

vultus_status vultus_live_phones_open(vultus_listener* listener, int32_t sample_rate_hz,
                                      vultus_live_phones** live) {
    return with_handle<Listeners>(listener, "listener", [&](const auto&) {
        if (!live)
            fail(ErrorCode::kInvalidArgument, "[api] live phones: expected where to put them, got null");
        auto open = Listeners::all().find(listener);
        if (!open)
            fail(ErrorCode::kInvalidArgument,
                 "[api] listener: expected an open handle, got one that is closed");
        *live = AllLivePhones::all().add(std::make_shared<OpenLivePhones>(std::move(open), sample_rate_hz));
        return VULTUS_OK;
    });
}

vultus_status vultus_live_phones_close(vultus_live_phones* live) {
    return close_handle<AllLivePhones>(live, "live phones");
}

vultus_status vultus_live_phones_push_f32(vultus_live_phones* live, const float* samples,
                                          size_t num_samples) {
    return with_handle<AllLivePhones>(live, "live phones", [&](OpenLivePhones& open) {
        if (!samples && num_samples > 0)
            fail(ErrorCode::kInvalidArgument, "[api] samples: expected {} of them, got null", num_samples);
        for (size_t i = 0; i < num_samples; ++i)
            if (!std::isfinite(samples[i]))
                fail(ErrorCode::kInvalidArgument, "[api] sample {}: expected a number, got {}", i,
                     samples[i]);
        const std::lock_guard lock(open.mutex);
        open.live.push({samples, num_samples});
        return VULTUS_OK;
    });
}

vultus_status vultus_live_phones_end(vultus_live_phones* live) {
    return with_handle<AllLivePhones>(live, "live phones", [&](OpenLivePhones& open) {
        const std::lock_guard lock(open.mutex);
        open.live.finish();
        return VULTUS_OK;
    });
}

vultus_status vultus_live_phones_pull(vultus_live_phones* live, vultus_live_phone* phone) {
    return with_handle<AllLivePhones>(live, "live phones", [&](OpenLivePhones& open) {
        check_struct(phone, "vultus_live_phone");
        const std::lock_guard lock(open.mutex);
        transcription::LiveFrame frame;
        if (!open.live.pull(frame)) return VULTUS_NO_FRAME;
        phone->index = frame.index;
        phone->start_s = frame.start_s;
        phone->end_s = frame.end_s;
        phone->phone = frame.phone;
        phone->viseme = audio::viseme_of(frame.phone);
        std::copy(frame.viseme_weights.begin(), frame.viseme_weights.end(), phone->viseme_weights);
        return VULTUS_OK;
    });
}
