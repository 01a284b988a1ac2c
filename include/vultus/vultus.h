/**
 * @file vultus.h
 * Vultus as a library, in C: open a person, push speech, pull frames.
 * @code{.c}
 * vultus_person* person = NULL;
 * vultus_session* session = NULL;
 * vultus_person_open("grid-s1.vultus", NULL, &person);
 * vultus_session_open(person, NULL, &session);
 * vultus_session_push_f32(session, samples, count);
 * vultus_session_end_speech(session);
 * vultus_frame frame;
 * vultus_frame_init(&frame);
 * frame.rgb = rgb;
 * frame.rgb_capacity = rgb_capacity;
 * while (vultus_session_pull(session, VULTUS_MISSING_WAIT, &frame) == VULTUS_OK) show(rgb);
 * @endcode
 * Rules that hold everywhere:
 * - **Threads.** Every function may be called from any thread at any time. Calls on one session's pull side
 *   (vultus_session_pull(), vultus_session_run()) take turns, and so do the drawing of all sessions of one
 *   vultus_person; pushing, ending and interrupting never wait for a frame to be drawn. To draw on several
 *   cores at once open the person once for each.
 * - **Handles** are never used twice: a call with a closed, null or wrong handle returns
 *   #VULTUS_ERROR_HANDLE. Closing while another thread is inside a call is allowed: that call returns its
 *   frame or #VULTUS_ERROR_CANCELLED, and what it uses is freed when it has left.
 * - **Errors.** Functions return #VULTUS_OK, #VULTUS_NO_FRAME or a negative status; vultus_last_error()
 *   explains the last failure of the calling thread. Nothing is thrown, nothing is printed, nothing exits.
 * - **Structs** carry their size in `struct_size`, filled in by the function that sets defaults: programs
 *   built against this header go on working with later libraries, whose structs may be longer.
 * - **Callbacks** are called on the thread that called the library, must not throw, and must not close what
 *   called them with anything but the status they return.
 * - Sound is mono; float samples lie in -1..1. Pictures are RGB bytes, rows from the top, without padding.
 */
#ifndef VULTUS_VULTUS_H
#define VULTUS_VULTUS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define VULTUS_API __attribute__((visibility("default")))
#else
#define VULTUS_API /**< Exported from the shared library. */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a call came to. */
typedef enum vultus_status {
    VULTUS_OK = 0,                      /**< done */
    VULTUS_NO_FRAME = 1,                /**< pull: the pushed sound does not reach for another frame */
    VULTUS_ERROR_INVALID_ARGUMENT = -1, /**< the caller asked for something that makes no sense */
    VULTUS_ERROR_IO = -2,               /**< a file could not be read or written */
    VULTUS_ERROR_CORRUPT_DATA = -3,     /**< a file is damaged or hostile */
    VULTUS_ERROR_UNSUPPORTED = -4,      /**< valid, but not for this build or version */
    VULTUS_ERROR_CANCELLED = -5,        /**< stopped by a callback or by closing the session */
    VULTUS_ERROR_INTERNAL = -6,         /**< a defect of the library */
    VULTUS_ERROR_HANDLE = -7,           /**< the handle is null, closed or of another kind */
    VULTUS_ERROR_OUT_OF_MEMORY = -8     /**< memory ran out; what was open stays usable */
} vultus_status;

/** Version of the library that runs, e.g. "0.1.0". */
VULTUS_API const char* vultus_version(void);
/** A word for a vultus_status, e.g. "corrupt data"; never null. */
VULTUS_API const char* vultus_status_name(int32_t status);
/** One line about the calling thread's last failure; "" if there was none. Valid until its next failure. */
VULTUS_API const char* vultus_last_error(void);

/** Weight of a log line. */
typedef enum vultus_log_level {
    VULTUS_LOG_INFO = 0, /**< good to know */
    VULTUS_LOG_ERROR = 1 /**< a call failed */
} vultus_log_level;
/** Receives one line without a line break. */
typedef void (*vultus_log_callback)(void* user, vultus_log_level level, const char* line);
/** Sends log lines of the whole process (what was opened on which runtime; every failure) to `callback`;
 * null: nowhere, as at the start. On return no call of the former callback is under way. Do not call it from
 * a callback. */
VULTUS_API void vultus_set_log(vultus_log_callback callback, void* user);

/** A person file with its networks, ready to draw. */
typedef struct vultus_person vultus_person;
/** A stream of sound in and frames out. */
typedef struct vultus_session vultus_session;

/** How to open a person; see vultus_person_options_init(). */
typedef struct vultus_person_options {
    size_t struct_size;  /**< set by the init function */
    int32_t num_threads; /**< inside a frame; 0: all cores. Default 0 */
    int32_t steps;       /**< diffusion steps per frame; 0: the person's default. Default 0 */
    int64_t seed;        /**< of the noise that all frames start from; -1: the person's own. Default -1 */
} vultus_person_options;

/** What a person is like. */
typedef struct vultus_person_info {
    size_t struct_size;        /**< set by the init function */
    int32_t size_px;           /**< sides of the square picture */
    int32_t fps_num;           /**< frame rate as a fraction: frames */
    int32_t fps_den;           /**< in so many seconds */
    int32_t steps;             /**< diffusion steps per frame in use */
    int32_t most_look_ahead;   /**< largest vultus_session_options::look_ahead_frames of use */
    int32_t can_speak;         /**< 0: only its pictures are learnt yet */
    size_t rgb_bytes;          /**< of one picture: size_px * size_px * 3 */
    size_t most_sound_samples; /**< heard during one frame, at 16 kHz */
    char name[128];            /**< who it is */
    char licence[128];         /**< what may be done with it */
    char attribution[256];     /**< whom to name */
    char runtime[64];          /**< e.g. "oneDNN f32 on AVX2" */
} vultus_person_info;

/** Sets the defaults and struct_size. */
VULTUS_API void vultus_person_options_init(vultus_person_options* options);
/** Sets all to zero, and struct_size. */
VULTUS_API void vultus_person_info_init(vultus_person_info* info);
/** Reads a person file. options: null for the defaults. Close it with vultus_person_close().
 * Errors: #VULTUS_ERROR_IO, #VULTUS_ERROR_CORRUPT_DATA, #VULTUS_ERROR_UNSUPPORTED (made by a newer version),
 * #VULTUS_ERROR_INVALID_ARGUMENT. `*person` is set only on success. */
VULTUS_API vultus_status vultus_person_open(const char* path, const vultus_person_options* options,
                                            vultus_person** person);
/** Gives the handle back; its sessions live on. Null is ignored. */
VULTUS_API vultus_status vultus_person_close(vultus_person* person);
/** Fills in `info`, whose struct_size must be set. */
VULTUS_API vultus_status vultus_person_get_info(vultus_person* person, vultus_person_info* info);

/** Where the head's motion comes from. */
typedef enum vultus_head {
    VULTUS_HEAD_MODEL = 0, /**< from the speech */
    VULTUS_HEAD_STILL = 1  /**< none */
} vultus_head;

/** How a session talks; see vultus_session_options_init(). */
typedef struct vultus_session_options {
    size_t struct_size;        /**< set by the init function */
    int32_t sample_rate_hz;    /**< of the sound pushed, 8000..192000. Default 16000 */
    int32_t look_ahead_frames; /**< frames of sound after a frame's time that shape it, beside 92.5 ms; -1:
                                  all that help (seconds of delay). Default 0 */
    int32_t head;              /**< a vultus_head. Default #VULTUS_HEAD_MODEL */
    int32_t idle_motion;       /**< 1: natural sway of the head. Default 1 */
    int32_t blinks;            /**< 1: blinks at the person's rate. Default 1 */
    double head_scale;         /**< multiplies the head's motion, 0..3. Default 1 */
    const float* pose_deg; /**< yaw, pitch, roll of frame 0, 1, ... in degrees: where the head is, whatever
                              `head` says; copied when the session is opened, the last row is held. Default
                              null: `head` says */
    size_t num_poses;      /**< rows of three at pose_deg, 1..10000000 unless it is null. Default 0 */
    int32_t mark; /**< 1: the pictures bear the invisible mark of origin, as those of videos do. Default 0 */
} vultus_session_options;

/** What pull does when the pushed sound does not reach for the next frame. */
typedef enum vultus_missing {
    VULTUS_MISSING_WAIT = 0,   /**< gives #VULTUS_NO_FRAME: frames as from a file */
    VULTUS_MISSING_SILENCE = 1 /**< takes silence in its place: always a frame; the person idles */
} vultus_missing;

/** A frame; the caller sets the first part, the library the second. See vultus_frame_init(). */
typedef struct vultus_frame {
    size_t struct_size;    /**< set by the init function */
    uint8_t* rgb;          /**< in: where to draw; null: do not draw (to skip a frame that is late) */
    size_t rgb_capacity;   /**< in: bytes at rgb, at least vultus_person_info::rgb_bytes */
    float* sound;          /**< in: where to put the sound that is heard meanwhile, 16 kHz; null: nowhere */
    size_t sound_capacity; /**< in: samples at sound, at least vultus_person_info::most_sound_samples */

    int64_t index;    /**< out: 0, 1, ... without gaps */
    int64_t sample;   /**< out: of the session's sound at 16 kHz, ceil(index * 16000 / fps) exactly */
    int32_t speaking; /**< out: 1 when some of the pushed sound is heard meanwhile */
    size_t num_sound; /**< out: samples that are heard meanwhile; play them and all is in step */
} vultus_frame;

/** Sets the defaults and struct_size. */
VULTUS_API void vultus_session_options_init(vultus_session_options* options);
/** Sets all to null, and struct_size. */
VULTUS_API void vultus_frame_init(vultus_frame* frame);
/** Begins a session. options: null for the defaults. Close it with vultus_session_close().
 * Errors: #VULTUS_ERROR_INVALID_ARGUMENT, #VULTUS_ERROR_UNSUPPORTED (the person cannot speak yet),
 * #VULTUS_ERROR_HANDLE. `*session` is set only on success. */
VULTUS_API vultus_status vultus_session_open(vultus_person* person, const vultus_session_options* options,
                                             vultus_session** session);
/** Ends a session; a frame being drawn in another thread is finished for it first. Null is ignored. */
VULTUS_API vultus_status vultus_session_close(vultus_session* session);

/** Adds sound, any number of samples. Errors: #VULTUS_ERROR_INVALID_ARGUMENT when a sample is not finite
 * (none is taken) or more than an hour would wait. */
VULTUS_API vultus_status vultus_session_push_f32(vultus_session* session, const float* samples,
                                                 size_t num_samples);
/** The same for 16-bit samples. */
VULTUS_API vultus_status vultus_session_push_s16(vultus_session* session, const int16_t* samples,
                                                 size_t num_samples);
/** What was pushed is complete: its last frames come without waiting for more. Sound pushed later is new
 * speech. */
VULTUS_API vultus_status vultus_session_end_speech(vultus_session* session);
/** Drops the sound that is not shown yet; within 0.2 s of frames the face comes to rest without a jump. */
VULTUS_API vultus_status vultus_session_interrupt(vultus_session* session);

/** The next frame; missing: a vultus_missing. Until the first end of speech or interruption the frames equal
 * those of a file with the same sound and look-ahead, bit for bit, in whatever parts it was pushed. Returns
 * #VULTUS_OK, #VULTUS_NO_FRAME (only with #VULTUS_MISSING_WAIT), #VULTUS_ERROR_CANCELLED when the session is
 * closed meanwhile, #VULTUS_ERROR_INVALID_ARGUMENT for buffers that are too small. */
VULTUS_API vultus_status vultus_session_pull(vultus_session* session, int32_t missing, vultus_frame* frame);
/** Receives a frame whose buffers are valid during the call; a result other than 0 ends the run. */
typedef int (*vultus_frame_callback)(void* user, const vultus_frame* frame);
/** Pulls frames (missing: a vultus_missing) and hands them to `callback` until it returns non-zero
 * (#VULTUS_OK), the sound is used up
 * (#VULTUS_OK, only with #VULTUS_MISSING_WAIT) or the session is closed (#VULTUS_ERROR_CANCELLED). Draws as
 * fast as it can: the callback keeps the time. */
VULTUS_API vultus_status vultus_session_run(vultus_session* session, int32_t missing,
                                            vultus_frame_callback callback, void* user);

/** Called about once per batch of frames with the frames written so far. */
typedef void (*vultus_progress_callback)(void* user, int64_t num_frames);
/** Polled often; a result other than 0 stops the work with #VULTUS_ERROR_CANCELLED. */
typedef int (*vultus_cancel_callback)(void* user);

/** From a sound file to a video file; see vultus_talk_options_init(). */
typedef struct vultus_talk_options {
    size_t struct_size;                /**< set by the init function */
    const char* person;                /**< path of the person file */
    const char* speech;                /**< path of any file with sound that FFmpeg reads */
    const char* out;                   /**< path of the video, .mp4; appears only when complete */
    int32_t steps;                     /**< diffusion steps per frame; 0: the person's default. Default 0 */
    int32_t num_threads;               /**< frames drawn at a time; 0: one per core. Default 0 */
    int64_t seed;                      /**< -1: the person's own. Default -1 */
    double fps;                        /**< of the video; 0: the person's own. Default 0 */
    int32_t crf;                       /**< H.264 quality, 0..51, lower is better. Default 18 */
    int32_t look_ahead_frames;         /**< -1: all that help. Default -1 */
    int32_t head;                      /**< as in vultus_session_options */
    int32_t idle_motion;               /**< as in vultus_session_options */
    int32_t blinks;                    /**< as in vultus_session_options */
    double head_scale;                 /**< as in vultus_session_options */
    vultus_progress_callback progress; /**< may be null */
    vultus_cancel_callback cancel;     /**< may be null */
    void* user;                        /**< passed to both */
    const float* pose_deg;             /**< as in vultus_session_options */
    size_t num_poses;                  /**< as in vultus_session_options */
    int32_t size_px; /**< sides of the picture: even, 16 up to the person's own; 0: the person's. Default 0 */
    int32_t audio_track; /**< which of several sounds in the file, from 1 on; 0: the main one. Default 0 */
    const char* into;    /**< recording or picture that the square goes back into; null: none; no size_px */
    int32_t no_mark;     /**< 1: no invisible mark of origin, for the person file's owner alone. Default 0 */
    const char*
        background; /**< behind the person: "#rrggbb" or a name, a picture, "transparent"; null: its own */
} vultus_talk_options;

/** Sets the defaults and struct_size. */
VULTUS_API void vultus_talk_options_init(vultus_talk_options* options);
/** Makes the video. num_frames: null, or where to put how many frames it has.
 * Errors: all of them; #VULTUS_ERROR_UNSUPPORTED when the library was built without FFmpeg. */
VULTUS_API vultus_status vultus_talk(const vultus_talk_options* options, int64_t* num_frames);

/** Makes a video as vultus_talk() does, of the person saying `text` (UTF-8; `[pause 500]` and SSML's break
 * and emphasis are understood). options: `speech` is not used. voice: as vultus_session_say()'s. Errors:
 * those of vultus_talk() and of the voice. */
VULTUS_API vultus_status vultus_say(const vultus_talk_options* options, const char* text, const char* voice,
                                    int64_t* num_frames);
/** Speaks `text` into a session, sentence by sentence, as pushed sound with its end; returns when all is
 * pushed, long before it is shown. One text at a time: call it on a thread of your own. voice: "flite/NAME",
 * "espeak/NAME", "cmd:PROGRAM ARGUMENTS" (text on standard input; sound on standard output or in the file in
 * the place of {out}; no shell), "http://HOST:PORT/v1?voice=NAME" (OpenAI's /v1/audio/speech), null: the
 * first that is installed. Never pass on a voice that a stranger names: a command is run. Errors:
 * #VULTUS_ERROR_UNSUPPORTED (no such voice here), #VULTUS_ERROR_IO (it fails or takes more than a minute for
 * a sentence), #VULTUS_ERROR_INVALID_ARGUMENT (no text), #VULTUS_ERROR_CANCELLED (interrupted or closed
 * meanwhile), #VULTUS_ERROR_HANDLE. */
VULTUS_API vultus_status vultus_session_say(vultus_session* session, const char* text, const char* voice);
/** Receives a voice's name, language ("en"; may be "") and description; a result other than 0 ends the list.
 */
typedef int (*vultus_voice_callback)(void* user, const char* name, const char* language,
                                     const char* description);
/** Lists the voices that are installed here, the usual one first. */
VULTUS_API vultus_status vultus_voices(vultus_voice_callback callback, void* user);

/** What a video shows of where it comes from; see vultus_origin_init(). */
typedef struct vultus_origin {
    size_t struct_size;       /**< set by the init function */
    int32_t says_synthetic;   /**< 1: its metadata say that Vultus drew it */
    int32_t marked;           /**< 1: the picture carries the invisible mark: drawn by Vultus */
    double log10_false_alarm; /**< bound on the chance that an unmarked video looks so marked: 0 or less */
    double start_s, end_s;    /**< where the mark is first and last seen; both 0 without it */
    double seconds;           /**< of picture that were looked at */
    char person[128];         /**< of the metadata: who it is */
    char licence[128];        /**< of the metadata */
    char person_file[128];    /**< of the metadata: the person file's name */
} vultus_origin;

/** Sets all to zero, and struct_size. */
VULTUS_API void vultus_origin_init(vultus_origin* origin);
/** Looks for marks of origin in any video that FFmpeg reads. Errors: #VULTUS_ERROR_IO,
 * #VULTUS_ERROR_CORRUPT_DATA (no video), #VULTUS_ERROR_INVALID_ARGUMENT, #VULTUS_ERROR_UNSUPPORTED (the
 * library was built without FFmpeg). */
VULTUS_API vultus_status vultus_verify(const char* path, vultus_origin* origin);

/** Hears which phones and words are said, and when; needs no person. */
typedef struct vultus_listener vultus_listener;
/** What a listener heard in one piece of speech. */
typedef struct vultus_times vultus_times;

/** What a listener hears with; see vultus_listener_options_init(). Paths are read when it is opened. */
typedef struct vultus_listener_options {
    size_t struct_size;  /**< set by the init function */
    const char* encoder; /**< path of a speech encoder; null: speech-small.safetensors where it is installed
                            or where the environment's VULTUS_MODELS says. Default null */
    int32_t words;       /**< 1: find out which words are said (English): better phones, and words; about
                            600 MB and ten times the work. Default 0 */
    const char* dictionary; /**< path of a pronouncing dictionary like CMUdict; null: that of Debian's
                               pocketsphinx-en-us. Default null */
    const char*
        language_model; /**< path of a CMU Sphinx binary language model, for `words`; null: as above */
} vultus_listener_options;

/** A piece of speech; see vultus_hear_options_init(). */
typedef struct vultus_hear_options {
    size_t struct_size;     /**< set by the init function */
    int32_t sample_rate_hz; /**< of the sound, 8000..192000. Default 16000 */
    const char* text;       /**< UTF-8, what is said: finds its words; null: nobody knows. Default null */
    vultus_cancel_callback cancel; /**< may be null */
    void* user;                    /**< passed to it */
    const char* language; /**< of the text, BCP 47: "en", "de", "pt-BR" ...; null: guessed from it. Others
                             than English want espeak-ng. Default null */
    int32_t exact;        /**< 1: a text that is not said word for word is an error; 0: it is a hint, see
                             vultus_times_gaps() and vultus_times_unsaid(). Default 0 */
} vultus_hear_options;

/** A phone. They follow one another without gaps from 0 to the sound's end. This struct stays as it is. */
typedef struct vultus_phone {
    double start_s; /**< in seconds from the sound's beginning */
    double end_s;   /**< of the last one: the sound's length */
    int32_t phone;  /**< 0..39: silence, then ARPABET; vultus_phone_name() */
    int32_t viseme; /**< 0..14 in the order of OVR Lip Sync and OpenXR; vultus_viseme_name() */
} vultus_phone;

/** A word; pauses lie between them. This struct stays as it is. */
typedef struct vultus_word {
    double start_s;   /**< in seconds */
    double end_s;     /**< in seconds */
    double fit;       /**< 0: just these phones are heard; the lower the less */
    const char* text; /**< UTF-8 */
} vultus_word;

/** Speech that the text lacks. This struct stays as it is. */
typedef struct vultus_gap {
    double start_s; /**< in seconds */
    double end_s;   /**< in seconds */
    double sure;    /**< 0..1: that somebody speaks there */
} vultus_gap;

/** A word of the text that is not said. This struct stays as it is. */
typedef struct vultus_unsaid {
    double at_s;       /**< where it would be, in seconds */
    double sure;       /**< 0..1; 0 also where nothing tells how the word is said */
    size_t begin_char; /**< its place in the text, in characters (code points) */
    size_t end_char;   /**< after its last one */
    const char* text;  /**< UTF-8 */
} vultus_unsaid;

/** A mouth shape of Rhubarb Lip Sync; neighbours differ. This struct stays as it is. */
typedef struct vultus_mouth_shape {
    double start_s; /**< in seconds */
    double end_s;   /**< in seconds */
    char shape;     /**< 'A'..'H' or 'X' */
} vultus_mouth_shape;

/** Sets the defaults and struct_size. */
VULTUS_API void vultus_listener_options_init(vultus_listener_options* options);
/** Sets the defaults and struct_size. */
VULTUS_API void vultus_hear_options_init(vultus_hear_options* options);
/** Opens a listener, for any number of threads at once. options: null for the defaults. Close it with
 * vultus_listener_close(). Errors: #VULTUS_ERROR_IO, #VULTUS_ERROR_CORRUPT_DATA, #VULTUS_ERROR_UNSUPPORTED
 * (no dictionary or language model for `words`: the line names the package), #VULTUS_ERROR_INVALID_ARGUMENT.
 */
VULTUS_API vultus_status vultus_listener_open(const vultus_listener_options* options,
                                              vultus_listener** listener);
/** Gives the handle back; what it heard lives on. Null is ignored. */
VULTUS_API vultus_status vultus_listener_close(vultus_listener* listener);
/** Hears a whole piece of speech, up to four hours. options: null for the defaults. Close `*times` with
 * vultus_times_close(). Errors: #VULTUS_ERROR_INVALID_ARGUMENT (no sound, a sample that is not finite, a text
 * of which hardly anything is said or that does not match exactly: the line says from which word and second
 * on), #VULTUS_ERROR_UNSUPPORTED (nothing says the text's language), #VULTUS_ERROR_CANCELLED,
 * #VULTUS_ERROR_HANDLE. */
VULTUS_API vultus_status vultus_listener_hear(vultus_listener* listener, const float* samples,
                                              size_t num_samples, const vultus_hear_options* options,
                                              vultus_times** times);
/** Frees what a listener heard, and all that was read from it. Null is ignored. */
VULTUS_API vultus_status vultus_times_close(vultus_times* times);
/** The phones; valid until vultus_times_close(). */
VULTUS_API vultus_status vultus_times_phones(vultus_times* times, const vultus_phone** phones,
                                             size_t* num_phones);
/** The words, none unless `words` or `text` asked for them; valid until vultus_times_close(). */
VULTUS_API vultus_status vultus_times_words(vultus_times* times, const vultus_word** words,
                                            size_t* num_words);
/** What is said and not in the text, unless `exact`; valid until vultus_times_close(). */
VULTUS_API vultus_status vultus_times_gaps(vultus_times* times, const vultus_gap** gaps, size_t* num_gaps);
/** The text's words that are not said, unless `exact`; valid until vultus_times_close(). */
VULTUS_API vultus_status vultus_times_unsaid(vultus_times* times, const vultus_unsaid** words,
                                             size_t* num_words);
/** The text's language as a BCP 47 tag, "" without a text; valid until vultus_times_close(). */
VULTUS_API vultus_status vultus_times_language(vultus_times* times, const char** tag);
/** Mouth shapes after Rhubarb's rules, with all of its extended ones; valid until vultus_times_close(). */
VULTUS_API vultus_status vultus_times_mouth_shapes(vultus_times* times, const vultus_mouth_shape** shapes,
                                                   size_t* num_shapes);
/** All of it as a file: "text", "tsv", "json", "textgrid", "rhubarb-tsv", "rhubarb-xml", "rhubarb-json",
 * "dat", "srt", "vtt" or "ass", as `vultus phones --format` writes them; UTF-8, valid until
 * vultus_times_close(). */
VULTUS_API vultus_status vultus_times_file(vultus_times* times, const char* format, const char** text);
/** Words, phones or visemes with times that another program or a voice wrote (`vultus phones --from-words`
 * says which files): phones within the given times, as they are heard where there is sound. path: the file;
 * samples, num_samples: null and 0 for none, listener may be null then. options: null for the defaults;
 * `text` and `exact` are of no use here. Errors: as vultus_listener_hear(), #VULTUS_ERROR_IO,
 * #VULTUS_ERROR_CORRUPT_DATA. */
VULTUS_API vultus_status vultus_listener_hear_given(vultus_listener* listener, const char* path,
                                                    const float* samples, size_t num_samples,
                                                    const vultus_hear_options* options, vultus_times** times);

/** Phones and visemes of sound that is still coming. */
typedef struct vultus_live_phones vultus_live_phones;

/** 20 ms of sound; see vultus_live_phone_init(). */
typedef struct vultus_live_phone {
    size_t struct_size;       /**< set by the init function */
    int64_t index;            /**< 0, 1, ... without gaps */
    double start_s;           /**< since the first sample */
    double end_s;             /**< where the next one begins */
    int32_t phone;            /**< vultus_phone_name() */
    int32_t viseme;           /**< that of the phone: vultus_viseme_name() */
    float viseme_weights[15]; /**< how likely each viseme is: 0..1, together 1 */
} vultus_live_phone;

/** Sets all to zero, and struct_size. */
VULTUS_API void vultus_live_phone_init(vultus_live_phone* phone);
/** Begins to listen. sample_rate_hz: of the sound pushed, 8000..192000. Close it with
 * vultus_live_phones_close(). Errors: #VULTUS_ERROR_INVALID_ARGUMENT, #VULTUS_ERROR_HANDLE. */
VULTUS_API vultus_status vultus_live_phones_open(vultus_listener* listener, int32_t sample_rate_hz,
                                                 vultus_live_phones** live);
/** Ends it. Null is ignored. */
VULTUS_API vultus_status vultus_live_phones_close(vultus_live_phones* live);
/** Adds mono sound, any number of samples, and hears it: about a tenth of its length in time. Errors:
 * #VULTUS_ERROR_INVALID_ARGUMENT when a sample is not finite (none is taken). */
VULTUS_API vultus_status vultus_live_phones_push_f32(vultus_live_phones* live, const float* samples,
                                                     size_t num_samples);
/** What was pushed is complete: the last phones come. Sound pushed later begins anew at 0 s. */
VULTUS_API vultus_status vultus_live_phones_end(vultus_live_phones* live);
/** The next 20 ms, known when 82.5 ms of sound after their middle are pushed: no later than a session's
 * frames. Returns #VULTUS_OK or #VULTUS_NO_FRAME. */
VULTUS_API vultus_status vultus_live_phones_pull(vultus_live_phones* live, vultus_live_phone* phone);
/** "SIL", "AA", ...; null for another number. */
VULTUS_API const char* vultus_phone_name(int32_t phone);
/** "sil", "PP", ...; null for another number. */
VULTUS_API const char* vultus_viseme_name(int32_t viseme);

#ifdef __cplusplus
}
#endif

#endif
