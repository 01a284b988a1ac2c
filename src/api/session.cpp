// Persons and sessions of the C API.
#include <algorithm>
#include <mutex>
#include <vector>

#include "api/guard.h"
#include "api/open_session.h"
#include "api/pose_options.h"

using namespace vultus;
using namespace vultus::api;
using speaking::LiveSession;
using speaking::SharedTalker;

namespace {

std::size_t rgb_bytes(const SharedTalker& talker) {
    const auto size = static_cast<std::size_t>(talker.talker.size_px());
    return size * size * 3;
}

std::size_t most_sound(const SharedTalker& talker) {
    const person::Person& person = talker.talker.person();
    return static_cast<std::size_t>((16000ll * person.fps_den + person.fps_num - 1) / person.fps_num);
}

LiveSession::Missing missing_of(std::int32_t missing) {
    if (missing != VULTUS_MISSING_WAIT && missing != VULTUS_MISSING_SILENCE)
        fail(ErrorCode::kInvalidArgument, "[api] missing: expected wait or silence, got {}", missing);
    return missing == VULTUS_MISSING_WAIT ? LiveSession::Missing::kWait : LiveSession::Missing::kSilence;
}

/// Buffers are checked before a frame is taken, so that none is lost.
void check_buffers(const vultus_frame& frame, const SharedTalker& talker) {
    if (frame.rgb && frame.rgb_capacity < rgb_bytes(talker))
        fail(ErrorCode::kInvalidArgument, "[api] frame.rgb_capacity: expected at least {} bytes, got {}",
             rgb_bytes(talker), frame.rgb_capacity);
    if (frame.sound && frame.sound_capacity < most_sound(talker))
        fail(ErrorCode::kInvalidArgument, "[api] frame.sound_capacity: expected at least {} samples, got {}",
             most_sound(talker), frame.sound_capacity);
}

void describe(const speaking::LiveFrame& from, vultus_frame& to) {
    to.index = from.index;
    to.sample = from.sample;
    to.speaking = from.speaking ? 1 : 0;
    to.num_sound = from.sound.size();
}

/// frame_mutex is held.
void put_mark(OpenSession& open, speaking::LiveFrame& frame) {
    if (open.mark)
        open.mark->add(frame.rgb.data(), static_cast<double>(frame.index) / open.talker->talker.fps());
}

template <typename Sample>
vultus_status push(vultus_session* session, const Sample* samples, size_t num_samples) {
    return with_handle<Sessions>(session, "session", [&](OpenSession& open) {
        if (!samples && num_samples > 0)
            fail(ErrorCode::kInvalidArgument, "[api] samples: expected {} of them, got null", num_samples);
        if (num_samples > static_cast<size_t>(INT64_MAX / 200000))
            fail(ErrorCode::kInvalidArgument, "[api] num_samples: expected a number of samples, got {}",
                 num_samples);
        open.session.push(samples, static_cast<std::int64_t>(num_samples));
        return VULTUS_OK;
    });
}

}  // namespace

void vultus_person_options_init(vultus_person_options* options) {
    if (!options) return;
    *options = blank<vultus_person_options>();
    options->seed = -1;
}

void vultus_person_info_init(vultus_person_info* info) {
    if (info) *info = blank<vultus_person_info>();
}

vultus_status vultus_person_open(const char* path, const vultus_person_options* options,
                                 vultus_person** person) {
    return guarded([&] {
        if (!path || !person)
            fail(ErrorCode::kInvalidArgument, "[api] person: expected a path and where to put it, got null");
        const auto chosen = options_or_defaults(options, vultus_person_options_init, "vultus_person_options");
        if (chosen.num_threads < 0 || chosen.num_threads > 1024 || chosen.steps < 0 || chosen.steps > 1000 ||
            chosen.seed < -1)
            fail(
                ErrorCode::kInvalidArgument,
                "[api] person: expected 0..1024 threads, 0..1000 steps and a seed from -1, got {}, {} and {}",
                chosen.num_threads, chosen.steps, chosen.seed);
        speaking::TalkerOptions talker;
        talker.num_threads = chosen.num_threads;
        talker.steps = chosen.steps;
        talker.seed = chosen.seed;
        auto shared = std::make_shared<SharedTalker>(person::load_person(path), talker);
        log_line(VULTUS_LOG_INFO, fmt::format("{}: {} px, {} steps, {}", path, shared->talker.size_px(),
                                              shared->talker.steps(), shared->talker.runtime_name()));
        *person = Persons::all().add(std::move(shared));
        return VULTUS_OK;
    });
}

vultus_status vultus_person_close(vultus_person* person) { return close_handle<Persons>(person, "person"); }

vultus_status vultus_person_get_info(vultus_person* person, vultus_person_info* info) {
    return with_handle<Persons>(person, "person", [&](SharedTalker& shared) {
        check_struct(info, "vultus_person_info");
        const speaking::Talker& talker = shared.talker;
        info->size_px = talker.size_px();
        info->fps_num = talker.person().fps_num;
        info->fps_den = talker.person().fps_den;
        info->steps = talker.steps();
        info->most_look_ahead = speaking::LatentStream::most_look_ahead(talker.person());
        info->can_speak = talker.person().can_speak() ? 1 : 0;
        info->rgb_bytes = rgb_bytes(shared);
        info->most_sound_samples = most_sound(shared);
        copy_text(talker.person().card.name, info->name);
        copy_text(talker.person().card.licence, info->licence);
        copy_text(talker.person().card.attribution, info->attribution);
        copy_text(talker.runtime_name(), info->runtime);
        return VULTUS_OK;
    });
}

void vultus_session_options_init(vultus_session_options* options) {
    if (!options) return;
    *options = blank<vultus_session_options>();
    options->sample_rate_hz = 16000;
    options->idle_motion = options->blinks = 1;
    options->head_scale = 1;
}

void vultus_frame_init(vultus_frame* frame) {
    if (frame) *frame = blank<vultus_frame>();
}

vultus_status vultus_session_open(vultus_person* person, const vultus_session_options* options,
                                  vultus_session** session) {
    return guarded([&] {
        if (!session) fail(ErrorCode::kInvalidArgument, "[api] session: expected where to put it, got null");
        const auto chosen =
            options_or_defaults(options, vultus_session_options_init, "vultus_session_options");
        const auto shared = Persons::all().find(person);
        if (!shared) return failed(VULTUS_ERROR_HANDLE, "[api] person: expected an open handle");
        speaking::LiveOptions live;
        live.sample_rate_hz = chosen.sample_rate_hz;
        live.look_ahead_frames = chosen.look_ahead_frames;
        live.pose = pose_options(chosen);
        const auto open = std::make_shared<OpenSession>(shared, live);
        if (chosen.mark != 0) open->mark.emplace(shared->talker.size_px(), shared->talker.size_px());
        *session = Sessions::all().add(open);
        return VULTUS_OK;
    });
}

vultus_status vultus_session_close(vultus_session* session) {
    if (!session) return VULTUS_OK;
    return with_handle<Sessions>(session, "session", [&](OpenSession& open) {
        Sessions::all().remove(session);
        ++open.num_interruptions;
        open.session.close();
        return VULTUS_OK;
    });
}

vultus_status vultus_session_push_f32(vultus_session* session, const float* samples, size_t num_samples) {
    return push(session, samples, num_samples);
}

vultus_status vultus_session_push_s16(vultus_session* session, const int16_t* samples, size_t num_samples) {
    return push(session, samples, num_samples);
}

vultus_status vultus_session_end_speech(vultus_session* session) {
    return with_handle<Sessions>(session, "session", [](OpenSession& open) {
        open.session.end_speech();
        return VULTUS_OK;
    });
}

vultus_status vultus_session_interrupt(vultus_session* session) {
    return with_handle<Sessions>(session, "session", [](OpenSession& open) {
        ++open.num_interruptions;
        open.session.interrupt();
        return VULTUS_OK;
    });
}

vultus_status vultus_session_pull(vultus_session* session, int32_t missing, vultus_frame* frame) {
    return with_handle<Sessions>(session, "session", [&](OpenSession& open) {
        check_struct(frame, "vultus_frame");
        check_buffers(*frame, *open.talker);
        const std::lock_guard lock(open.frame_mutex);
        speaking::LiveFrame& live = open.frame;
        if (!open.session.pull(missing_of(missing), live, frame->rgb != nullptr)) return VULTUS_NO_FRAME;
        describe(live, *frame);
        if (frame->rgb) {
            put_mark(open, live);
            std::copy(live.rgb.begin(), live.rgb.end(), frame->rgb);
        }
        if (frame->sound) std::copy(live.sound.begin(), live.sound.end(), frame->sound);
        return VULTUS_OK;
    });
}

vultus_status vultus_session_run(vultus_session* session, int32_t missing, vultus_frame_callback callback,
                                 void* user) {
    return with_handle<Sessions>(session, "session", [&](OpenSession& open) {
        if (!callback) fail(ErrorCode::kInvalidArgument, "[api] callback: expected a function, got null");
        speaking::LiveFrame live;
        auto frame = blank<vultus_frame>();
        while (open.session.pull(missing_of(missing), live)) {
            describe(live, frame);
            {
                const std::lock_guard lock(open.frame_mutex);
                put_mark(open, live);
            }
            frame.rgb = live.rgb.data();
            frame.rgb_capacity = live.rgb.size();
            frame.sound = live.sound.data();
            frame.sound_capacity = live.sound.size();
            if (callback(user, &frame) != 0) break;
        }
        return VULTUS_OK;
    });
}
