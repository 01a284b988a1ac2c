// From file to file in the C API; a build without FFmpeg says so.
#include <string_view>

#include "api/guard.h"
#include "api/pose_options.h"
#include "api/talk_options.h"

#ifdef VULTUS_WITH_MEDIA
#include "rendering/talk.h"
#endif

using namespace vultus;
using namespace vultus::api;

void vultus_talk_options_init(vultus_talk_options* options) {
    if (!options) return;
    *options = blank<vultus_talk_options>();
    options->seed = -1;
    options->crf = 18;
    options->look_ahead_frames = -1;
    options->idle_motion = options->blinks = 1;
    options->head_scale = 1;
}

#ifdef VULTUS_WITH_MEDIA

rendering::TalkOptions vultus::api::talk_options(const vultus_talk_options& options, bool with_speech) {
    if (!options.person || !options.out || (with_speech && !options.speech))
        fail(ErrorCode::kInvalidArgument, "[api] talk: expected paths of person, speech and out, got null");
    const std::string_view speech = with_speech ? options.speech : "";
    if (options.out == std::string_view("-") || speech == "-")
        fail(ErrorCode::kInvalidArgument, "[api] talk: expected files, got - (use a session for streams)");
    if (options.steps < 0 || options.steps > 1000 || options.num_threads < 0 || options.num_threads > 1024 ||
        options.seed < -1 || options.crf < 0 || options.crf > 51)
        fail(ErrorCode::kInvalidArgument,
             "[api] talk: expected 0..1000 steps, 0..1024 threads, a seed from -1 and crf 0..51, got {}, {}, "
             "{} "
             "and {}",
             options.steps, options.num_threads, options.seed, options.crf);
    if (options.size_px < 0 || options.audio_track < 0)
        fail(ErrorCode::kInvalidArgument,
             "[api] talk: expected a size and an audio track from 0, got {} and {}", options.size_px,
             options.audio_track);
    rendering::TalkOptions talk;
    talk.person = options.person;
    talk.speech = speech;
    talk.out = options.out;
    talk.talker.steps = options.steps;
    talk.talker.seed = options.seed;
    talk.num_threads = options.num_threads;
    talk.pose = pose_options(options);
    talk.look_ahead_frames = options.look_ahead_frames;
    talk.fps = options.fps;
    talk.crf = options.crf;
    talk.size_px = options.size_px;
    talk.audio.track = options.audio_track;
    if (options.into) talk.into = options.into;
    if (options.background) talk.background = options.background;
    talk.mark = options.no_mark == 0;
    return talk;
}

vultus_status vultus_talk(const vultus_talk_options* options, int64_t* num_frames) {
    return make_video(options, num_frames, [](const vultus_talk_options& given) {
        return rendering::talk(talk_options(given, /*with_speech=*/true));
    });
}

#else

vultus_status vultus_talk(const vultus_talk_options*, int64_t*) {
    return failed(VULTUS_ERROR_UNSUPPORTED, "[api] talk: this library was built without FFmpeg");
}

#endif
