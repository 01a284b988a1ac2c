/* Sound on standard input, raw RGB frames on standard output, while the sound still arrives:
 *
 *   ffmpeg -v error -i speech.wav -f s16le -ac 1 -ar 16000 - | raw_frames PERSON.vultus |
 *     ffmpeg -f rawvideo -pix_fmt rgb24 -s 256x256 -r 25 -i - -i speech.wav -pix_fmt yuv420p out.mp4
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <vultus/vultus.h>

#define CHUNK 1600 /* samples read at a time: 0.1 s */

static int failed(void) {
    fprintf(stderr, "raw_frames: %s\n", vultus_last_error());
    return 1;
}

/* Writes all frames that the sound so far reaches for. */
static vultus_status write_frames(vultus_session* session, vultus_frame* frame) {
    vultus_status status;
    while ((status = vultus_session_pull(session, VULTUS_MISSING_WAIT, frame)) == VULTUS_OK)
        if (fwrite(frame->rgb, 1, frame->rgb_capacity, stdout) != frame->rgb_capacity) return VULTUS_ERROR_IO;
    return status;
}

int main(int argc, char** argv) {
    vultus_person* person = NULL;
    vultus_session* session = NULL;
    vultus_person_info info;
    vultus_frame frame;
    int16_t samples[CHUNK];
    size_t count;

    if (argc != 2) {
        fprintf(stderr, "usage: raw_frames PERSON.vultus < SOUND.s16le > FRAMES.rgb\n");
        return 2;
    }
    if (vultus_person_open(argv[1], NULL, &person) < 0) return failed();
    vultus_person_info_init(&info);
    if (vultus_person_get_info(person, &info) < 0) return failed();
    if (vultus_session_open(person, NULL, &session) < 0) return failed();
    vultus_frame_init(&frame);
    frame.rgb_capacity = info.rgb_bytes;
    frame.rgb = malloc(info.rgb_bytes);
    if (!frame.rgb) return 1;
    fprintf(stderr, "-f rawvideo -pix_fmt rgb24 -s %dx%d -r %d/%d\n", (int)info.size_px, (int)info.size_px,
            (int)info.fps_num, (int)info.fps_den);
    while ((count = fread(samples, sizeof samples[0], CHUNK, stdin)) > 0) {
        if (vultus_session_push_s16(session, samples, count) < 0) return failed();
        if (write_frames(session, &frame) < 0) return failed();
    }
    if (vultus_session_end_speech(session) < 0) return failed();
    if (write_frames(session, &frame) < 0) return failed();
    free(frame.rgb);
    vultus_session_close(session);
    vultus_person_close(person);
    return 0;
}
