/* A program in C as a user of the installed library writes it: PERSON -> 25 frames for a second of sound. */
#include <stdio.h>
#include <stdlib.h>
#include <vultus/vultus.h>

static int failed(const char* what) {
    fprintf(stderr, "%s: %s\n", what, vultus_last_error());
    return 1;
}

int main(int argc, char** argv) {
    static const float second[16000];
    vultus_person* person = NULL;
    vultus_session* session = NULL;
    vultus_person_info info;
    vultus_frame frame;
    long long sum = 0;
    int frames = 0;
    size_t i;

    if (argc != 2) return failed("expected a person file");
    if (vultus_person_open(argv[1], NULL, &person) != VULTUS_OK) return failed("open");
    vultus_person_info_init(&info);
    if (vultus_person_get_info(person, &info) != VULTUS_OK) return failed("info");
    if (vultus_session_open(person, NULL, &session) != VULTUS_OK) return failed("session");
    if (vultus_session_push_f32(session, second, 16000) != VULTUS_OK) return failed("push");
    if (vultus_session_end_speech(session) != VULTUS_OK) return failed("end");
    vultus_frame_init(&frame);
    frame.rgb_capacity = info.rgb_bytes;
    frame.rgb = malloc(info.rgb_bytes);
    while (vultus_session_pull(session, VULTUS_MISSING_WAIT, &frame) == VULTUS_OK) {
        if (frames == 0) {
            for (i = 0; i < info.rgb_bytes; ++i) sum += frame.rgb[i];
            free(frame.rgb);
            frame.rgb = NULL; /* the others are counted, not drawn */
        }
        ++frames;
    }
    vultus_session_close(session);
    vultus_person_close(person);
    printf("%d frames of %d px, mean %lld\n", frames, (int)info.size_px, sum / (long long)info.rgb_bytes);
    return frames == 25 && sum > 0 ? 0 : 1;
}
