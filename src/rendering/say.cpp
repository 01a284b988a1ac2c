#include "rendering/say.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"

namespace vultus::rendering {
namespace {

/// A WAV header of sound whose length nobody knows yet: 16-bit mono.
std::string wav_header(int rate_hz) {
    std::string bytes("RIFF\xFF\xFF\xFF\xFFWAVEfmt ", 16);
    const auto number = [&](std::uint32_t value, int size) {
        for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
    };
    const auto rate = static_cast<std::uint32_t>(rate_hz);
    number(16, 4);
    number(1, 2);
    number(1, 2);
    number(rate, 4);
    number(2 * rate, 4);
    number(2, 2);
    number(16, 2);
    bytes += "data";
    number(0xFFFFFFFFu, 4);
    return bytes;
}

/// The voice at work on a thread of its own; its sound comes out of a pipe.
class SpeakingThread {
  public:
    SpeakingThread(voices::Voice& voice, const std::vector<voices::Passage>& passages) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) fail(ErrorCode::kIo, "[say] pipe: {}", std::strerror(errno));
        read_end_ = ends[0];
        write_end_ = ends[1];
        thread_ = std::thread([this, &voice, &passages] { run(voice, passages); });
    }
    ~SpeakingThread() {
        stop_ = true;
        ::close(read_end_);  // so that it does not wait for a reader
        thread_.join();
    }
    SpeakingThread(const SpeakingThread&) = delete;
    SpeakingThread& operator=(const SpeakingThread&) = delete;

    std::string path() const { return fmt::format("/dev/fd/{}", read_end_); }
    /// Once its sound has ended: throws what went wrong.
    void rethrow() const {
        if (failed_) std::rethrow_exception(error_);
    }

  private:
    void run(voices::Voice& voice, const std::vector<voices::Passage>& passages) {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGPIPE);  // a reader that went away is an error of write()
        ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
        const CancelScope cancel([this] { return stop_.load(); });
        try {
            write(wav_header(voices::kVoiceRateHz));
            voices::speak_passages(voice, passages,
                                   [this](const std::vector<float>& samples) { write(samples_of(samples)); });
        } catch (...) {
            error_ = std::current_exception();
            failed_ = true;
        }
        ::close(write_end_);
    }
    static std::string samples_of(const std::vector<float>& samples) {
        std::string bytes;
        bytes.reserve(2 * samples.size());
        for (const float sample : samples) {
            const auto value = static_cast<std::int16_t>(std::clamp(sample, -1.0f, 1.0f) * 32767.0f);
            bytes += static_cast<char>(value & 0xFF);
            bytes += static_cast<char>(value >> 8);
        }
        return bytes;
    }
    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            throw_if_cancelled();
            const ssize_t count = ::write(write_end_, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail(ErrorCode::kCancelled, "[say] nobody listens any more");
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    int read_end_ = -1, write_end_ = -1;
    std::atomic<bool> stop_{false}, failed_{false};
    std::exception_ptr error_;
    std::thread thread_;
};

}  // namespace

TalkReport say(const SayOptions& options) {
    const std::vector<voices::Passage> passages = voices::passages_of(options.text);
    for (const std::filesystem::path& output : {options.talk.out, options.talk.frames})
        require_not_input(output, {options.text_file});
    const std::unique_ptr<voices::Voice> voice = voices::open_voice(options.voice, options.voice_options);
    SpeakingThread speaking(*voice, passages);
    TalkOptions talk_options = options.talk;
    talk_options.speech = speaking.path();
    talk_options.audio = {};
    talk_options.before_commit = [&] { speaking.rethrow(); };
    try {
        return talk(talk_options);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::kCancelled) speaking.rethrow();
        throw;
    }
}

}  // namespace vultus::rendering
