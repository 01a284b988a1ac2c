// Text and voices in the C API; a build without FFmpeg has none.
#include "api/guard.h"
#include "api/open_session.h"
#include "api/talk_options.h"

#ifdef VULTUS_WITH_MEDIA
#include "audio/resampler.h"
#include "base/cancel.h"
#include "rendering/say.h"
#include "voices/voice.h"
#endif

using namespace vultus;
using namespace vultus::api;

#ifdef VULTUS_WITH_MEDIA

namespace {

std::string checked_text(const char* text) {
    if (!text) fail(ErrorCode::kInvalidArgument, "[api] text: expected one, got null");
    return text;
}

std::string or_usual(const char* voice) { return voice ? voice : ""; }

/// Whether the session goes on as it was when this began to speak.
void check_not_interrupted(const OpenSession& open, std::int64_t then) {
    if (open.num_interruptions != then)
        fail(ErrorCode::kCancelled, "[api] session: interrupted while the text was spoken");
}

}  // namespace

vultus_status vultus_say(const vultus_talk_options* options, const char* text, const char* voice,
                         int64_t* num_frames) {
    return make_video(options, num_frames, [&](const vultus_talk_options& given) {
        rendering::SayOptions say;
        say.talk = talk_options(given, /*with_speech=*/false);
        say.text = checked_text(text);
        say.voice = or_usual(voice);
        return rendering::say(say);
    });
}

vultus_status vultus_session_say(vultus_session* session, const char* text, const char* voice) {
    return with_handle<Sessions>(session, "session", [&](OpenSession& open) {
        const std::int64_t then = open.num_interruptions;
        const auto passages = voices::passages_of(checked_text(text));
        const auto speaker = voices::open_voice(or_usual(voice));
        const CancelScope cancel([&] { return open.num_interruptions != then; });
        audio::Resampler resampler(voices::kVoiceRateHz, open.sample_rate_hz);
        std::vector<float> sound;
        const auto push = [&] {
            check_not_interrupted(open, then);
            open.session.push(sound.data(), static_cast<std::int64_t>(sound.size()));
            sound.clear();
        };
        voices::speak_passages(*speaker, passages, [&](const std::vector<float>& samples) {
            resampler.push(samples.data(), static_cast<std::int64_t>(samples.size()), sound);
            push();
        });
        resampler.finish(sound);
        push();
        open.session.end_speech();
        return VULTUS_OK;
    });
}

vultus_status vultus_voices(vultus_voice_callback callback, void* user) {
    return guarded([&] {
        if (!callback) fail(ErrorCode::kInvalidArgument, "[api] callback: expected a function, got null");
        for (const voices::VoiceInfo& voice : voices::installed_voices())
            if (callback(user, voice.name.c_str(), voice.language.c_str(), voice.description.c_str()) != 0)
                break;
        return VULTUS_OK;
    });
}

#else

namespace {

vultus_status without_ffmpeg(const char* what) {
    return failed(VULTUS_ERROR_UNSUPPORTED,
                  fmt::format("[api] {}: this library was built without FFmpeg", what));
}

}  // namespace

vultus_status vultus_say(const vultus_talk_options*, const char*, const char*, int64_t*) {
    return without_ffmpeg("say");
}
vultus_status vultus_session_say(vultus_session*, const char*, const char*) {
    return without_ffmpeg("session_say");
}
vultus_status vultus_voices(vultus_voice_callback, void*) { return without_ffmpeg("voices"); }

#endif
