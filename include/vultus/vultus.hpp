/// @file vultus.hpp
/// The library in C++20: vultus.h with owners and exceptions. Header only; everything vultus.h says about
/// threads, handles and buffers holds here.
///
/// @code{.cpp}
/// vultus::Person person("grid-s1.vultus");
/// vultus::Session session(person);
/// session.push(samples);
/// session.end_speech();
/// vultus::Frame frame;
/// while (session.pull(frame, VULTUS_MISSING_WAIT)) show(frame.rgb);
/// @endcode
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "vultus/vultus.h"

namespace vultus {
inline namespace v0 {

/// Every failure; what() is one line for the user.
class Error : public std::runtime_error {
  public:
    /// line: what went wrong.
    Error(vultus_status status, const std::string& line) : std::runtime_error(line), status_(status) {}
    /// What kind of failure.
    vultus_status status() const { return status_; }

  private:
    vultus_status status_;
};

/// Throws Error for a failure; passes #VULTUS_OK and #VULTUS_NO_FRAME on.
inline vultus_status check(vultus_status status) {
    if (status < 0) throw Error(status, vultus_last_error());
    return status;
}

/// Owns a handle of the C API, which it may be passed to. Moved from, it is empty.
template <typename T, vultus_status (*close)(T*)>
class Owned {
  public:
    explicit Owned(T* handle = nullptr) : handle_(handle) {}
    ~Owned() { close(handle_); }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    operator T*() const { return handle_; }
    /// Where a function of the C API puts a new handle; this was empty.
    T** out() { return &handle_; }

  private:
    T* handle_;
};

/// vultus_person_options with its defaults.
struct PersonOptions : vultus_person_options {
    PersonOptions() { vultus_person_options_init(this); }
};

/// vultus_session_options with its defaults.
struct SessionOptions : vultus_session_options {
    SessionOptions() { vultus_session_options_init(this); }
};

/// A person file with its networks. Sessions live on when it goes.
class Person {
  public:
    /// Errors: as vultus_person_open().
    explicit Person(const std::string& path, const PersonOptions& options = {}) {
        check(vultus_person_open(path.c_str(), &options, handle_.out()));
    }

    /// What the person is like.
    vultus_person_info info() const {
        vultus_person_info info;
        vultus_person_info_init(&info);
        check(vultus_person_get_info(handle_, &info));
        return info;
    }
    /// For calls of the C API.
    vultus_person* handle() const { return handle_; }

  private:
    Owned<vultus_person, vultus_person_close> handle_;
};

/// A frame with its own memory; use one again and again.
struct Frame {
    std::vector<std::uint8_t> rgb;  ///< [size, size, 3]
    std::vector<float> sound;       ///< 16 kHz, what is heard meanwhile
    std::int64_t index = 0;         ///< 0, 1, ...
    std::int64_t sample = 0;        ///< of the session's sound at 16 kHz
    bool speaking = false;          ///< some of the pushed sound is heard meanwhile
};

/// Sound in, frames out. Its end waits for a call in another thread to finish.
class Session {
  public:
    /// The person may be closed before the session. Errors: as vultus_session_open().
    explicit Session(const Person& person, const SessionOptions& options = {}) : info_(person.info()) {
        check(vultus_session_open(person.handle(), &options, handle_.out()));
    }

    /// Adds sound, -1..1.
    void push(std::span<const float> samples) {
        check(vultus_session_push_f32(handle_, samples.data(), samples.size()));
    }
    /// Adds 16-bit sound.
    void push(std::span<const std::int16_t> samples) {
        check(vultus_session_push_s16(handle_, samples.data(), samples.size()));
    }
    /// What was pushed is complete.
    void end_speech() { check(vultus_session_end_speech(handle_)); }
    /// Drops the sound that is not shown yet and comes to rest.
    void interrupt() { check(vultus_session_interrupt(handle_)); }
    /// Speaks a text, as pushed sound with its end. voice: "": the first that is installed. Errors: as
    /// vultus_session_say().
    void say(const std::string& text, const std::string& voice = {}) {
        check(vultus_session_say(handle_, text.c_str(), voice.empty() ? nullptr : voice.c_str()));
    }
    /// Ends it now: a thread in pull() gets its frame or Error with #VULTUS_ERROR_CANCELLED, later calls
    /// Error.
    void close() { vultus_session_close(handle_); }

    /// The next frame; false: the sound does not reach (only #VULTUS_MISSING_WAIT).
    /// draw: false leaves frame.rgb as it is.
    bool pull(Frame& frame, vultus_missing missing = VULTUS_MISSING_SILENCE, bool draw = true) {
        vultus_frame into;
        vultus_frame_init(&into);
        frame.sound.resize(info_.most_sound_samples);
        into.sound = frame.sound.data();
        into.sound_capacity = frame.sound.size();
        if (draw) {
            frame.rgb.resize(info_.rgb_bytes);
            into.rgb = frame.rgb.data();
            into.rgb_capacity = frame.rgb.size();
        }
        const bool got = check(vultus_session_pull(handle_, missing, &into)) == VULTUS_OK;
        frame.sound.resize(got ? into.num_sound : 0);
        if (!got) return false;
        frame.index = into.index;
        frame.sample = into.sample;
        frame.speaking = into.speaking != 0;
        return true;
    }

    /// Hands frames to `show` until it returns false, the sound is used up (#VULTUS_MISSING_WAIT) or the
    /// session is closed. What `show` throws ends the run and is thrown here.
    void run(vultus_missing missing, const std::function<bool(const vultus_frame&)>& show) {
        struct State {
            const std::function<bool(const vultus_frame&)>& show;
            std::exception_ptr thrown;
        } state{show, nullptr};
        const vultus_status status = vultus_session_run(
            handle_, missing,
            [](void* user, const vultus_frame* frame) {
                State& me = *static_cast<State*>(user);
                try {
                    return me.show(*frame) ? 0 : 1;
                } catch (...) {
                    me.thrown = std::current_exception();
                    return 1;
                }
            },
            &state);
        if (state.thrown) std::rethrow_exception(state.thrown);
        check(status);
    }

  private:
    vultus_person_info info_;
    Owned<vultus_session, vultus_session_close> handle_;
};

/// Looks for marks of origin in a video. Errors: as vultus_verify().
inline vultus_origin verify(const std::string& path) {
    vultus_origin origin;
    vultus_origin_init(&origin);
    check(vultus_verify(path.c_str(), &origin));
    return origin;
}

/// vultus_talk_options with its defaults.
struct TalkOptions : vultus_talk_options {
    TalkOptions() { vultus_talk_options_init(this); }
};

/// A video of the person who says what is in the sound file; returns its number of frames.
/// The paths in `options` are not used. Errors: as vultus_talk().
inline std::int64_t talk(const std::string& person, const std::string& speech, const std::string& out,
                         TalkOptions options = {}) {
    options.person = person.c_str();
    options.speech = speech.c_str();
    options.out = out.c_str();
    std::int64_t num_frames = 0;
    check(vultus_talk(&options, &num_frames));
    return num_frames;
}

/// A video of the person who says the text; returns its number of frames. voice: "": the first that is
/// installed. The paths in `options` are not used. Errors: as vultus_say().
inline std::int64_t say(const std::string& person, const std::string& text, const std::string& out,
                        const std::string& voice = {}, TalkOptions options = {}) {
    options.person = person.c_str();
    options.speech = nullptr;
    options.out = out.c_str();
    std::int64_t num_frames = 0;
    check(vultus_say(&options, text.c_str(), voice.empty() ? nullptr : voice.c_str(), &num_frames));
    return num_frames;
}

/// A voice that is installed here.
struct VoiceInfo {
    std::string name;         ///< for say()
    std::string language;     ///< "en"; may be empty
    std::string description;  ///< for people
};

/// The voices that are installed here, the usual one first.
inline std::vector<VoiceInfo> voices() {
    std::vector<VoiceInfo> all;
    check(vultus_voices(
        [](void* user, const char* name, const char* language, const char* description) {
            static_cast<std::vector<VoiceInfo>*>(user)->push_back({name, language, description});
            return 0;
        },
        &all));
    return all;
}

/// vultus_listener_options with its defaults.
struct ListenerOptions : vultus_listener_options {
    ListenerOptions() { vultus_listener_options_init(this); }
};

/// vultus_hear_options with its defaults.
struct HearOptions : vultus_hear_options {
    HearOptions() { vultus_hear_options_init(this); }
};

/// What a Listener heard. The spans are valid while it lives.
class Times {
  public:
    /// Takes what vultus_listener_hear() gave.
    explicit Times(vultus_times* handle) : handle_(handle) {}

    /// From 0 to the sound's end, without gaps.
    std::span<const vultus_phone> phones() const { return list(vultus_times_phones); }
    /// None unless ListenerOptions::words or HearOptions::text asked for them.
    std::span<const vultus_word> words() const { return list(vultus_times_words); }
    /// What is said and not in the text, unless HearOptions::exact.
    std::span<const vultus_gap> gaps() const { return list(vultus_times_gaps); }
    /// The text's words that are not said, unless HearOptions::exact.
    std::span<const vultus_unsaid> unsaid() const { return list(vultus_times_unsaid); }
    /// Of the text, BCP 47; "" without one.
    std::string language() const {
        const char* tag = nullptr;
        check(vultus_times_language(handle_, &tag));
        return tag;
    }
    /// Rhubarb's.
    std::span<const vultus_mouth_shape> mouth_shapes() const { return list(vultus_times_mouth_shapes); }
    /// As `vultus phones --format` writes it. Errors: as vultus_times_file().
    std::string file(const std::string& format) const {
        const char* text = nullptr;
        check(vultus_times_file(handle_, format.c_str(), &text));
        return text;
    }

  private:
    template <typename T>
    std::span<const T> list(vultus_status (*get)(vultus_times*, const T**, std::size_t*)) const {
        const T* values = nullptr;
        std::size_t count = 0;
        check(get(handle_, &values, &count));
        return {values, count};
    }

    Owned<vultus_times, vultus_times_close> handle_;
};

/// Hears which phones and words are said when. Any number of threads. What it heard lives on when it goes.
class Listener {
  public:
    /// Errors: as vultus_listener_open().
    explicit Listener(const ListenerOptions& options = {}) {
        check(vultus_listener_open(&options, handle_.out()));
    }

    /// A whole piece of speech, -1..1. Errors: as vultus_listener_hear().
    Times hear(std::span<const float> samples, const HearOptions& options = {}) const {
        vultus_times* times = nullptr;
        check(vultus_listener_hear(handle_, samples.data(), samples.size(), &options, &times));
        return Times(times);
    }

    /// A file of words, phones or visemes with times, and the sound that they are of. Errors: as
    /// vultus_listener_hear_given().
    Times hear_given(const std::string& path, std::span<const float> samples,
                     const HearOptions& options = {}) const {
        return given(handle_, path, samples, options);
    }

    vultus_listener* handle() const { return handle_; }

  private:
    friend Times read_times(const std::string& path, const HearOptions& options);

    static Times given(vultus_listener* listener, const std::string& path, std::span<const float> samples,
                       const HearOptions& options) {
        vultus_times* times = nullptr;
        check(vultus_listener_hear_given(listener, path.c_str(), samples.data(), samples.size(), &options,
                                         &times));
        return Times(times);
    }

    Owned<vultus_listener, vultus_listener_close> handle_;
};

/// The same without sound.
inline Times read_times(const std::string& path, const HearOptions& options = {}) {
    return Listener::given(nullptr, path, {}, options);
}

/// Phones and visemes of sound that is still coming.
class LivePhones {
  public:
    /// Errors: as vultus_live_phones_open(). The listener may go.
    explicit LivePhones(const Listener& listener, std::int32_t sample_rate_hz = 16000) {
        check(vultus_live_phones_open(listener.handle(), sample_rate_hz, handle_.out()));
    }

    void push(std::span<const float> samples) {
        check(vultus_live_phones_push_f32(handle_, samples.data(), samples.size()));
    }
    /// What was pushed is complete: the last phones come.
    void end() { check(vultus_live_phones_end(handle_)); }
    /// The next 20 ms; nothing when the sound does not reach for them.
    std::optional<vultus_live_phone> pull() {
        vultus_live_phone phone;
        vultus_live_phone_init(&phone);
        const vultus_status status = vultus_live_phones_pull(handle_, &phone);
        check(status);
        return status == VULTUS_OK ? std::optional(phone) : std::nullopt;
    }

  private:
    Owned<vultus_live_phones, vultus_live_phones_close> handle_;
};

}  // namespace v0
}  // namespace vultus
