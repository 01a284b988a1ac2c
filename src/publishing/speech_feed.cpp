#include "publishing/speech_feed.h"

#include <chrono>
#include <utility>

#include "base/cancel.h"
#include "base/error.h"
#include "base/standard_stream.h"

namespace vultus::publishing {
namespace {

constexpr double kGatheredS = 0.1;  ///< of sound that comes in parts, against their unrest
constexpr double kMostBehindS = 1;  ///< that a microphone is heard
constexpr double kMostAheadS = 2;   ///< of what is shown
constexpr std::size_t kPart = kSessionRateHz / 20;

}  // namespace

SpeechFeed::SpeechFeed(const std::filesystem::path& speech, const media::AudioOptions& audio,
                       speaking::LiveSession& session)
    : speech_(speech),
      audio_(audio),
      comes_live_(audio.microphone || is_input_stream(speech)),
      session_(session) {
    if (speech.empty()) {
        done_ = true;
        return;
    }
    // What is wrong with a file or microphone is said before anything is shown; a pipe may say nothing for
    // long.
    auto reader =
        comes_live_ && !audio.microphone ? nullptr : std::make_unique<media::AudioReader>(speech, audio);
    thread_ = std::thread([this, held = std::move(reader)]() mutable { read_all(std::move(held)); });
}

SpeechFeed::~SpeechFeed() { stop(); }

void SpeechFeed::stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

bool SpeechFeed::done() {
    if (!done_) return false;
    const std::lock_guard lock(mutex_);
    if (problem_) std::rethrow_exception(std::exchange(problem_, nullptr));
    return true;
}

void SpeechFeed::read_all(std::unique_ptr<media::AudioReader> reader) {
    try {
        const CancelScope cancel([this] { return stop_.load(); });
        if (!reader) reader = std::make_unique<media::AudioReader>(speech_, audio_);
        read_parts(*reader);
        if (audio_.microphone) fail(ErrorCode::kIo, "[live] microphone {}: it is gone", speech_.string());
        if (num_samples_ == 0) fail(ErrorCode::kInvalidArgument, "{}", reader->why_empty());
        faults_ = reader->faults();
        session_.end_speech();
    } catch (const Error& error) {
        const std::lock_guard lock(mutex_);
        if (error.code() != ErrorCode::kCancelled) problem_ = std::current_exception();
    } catch (...) {
        const std::lock_guard lock(mutex_);
        problem_ = std::current_exception();
    }
    done_ = true;
}

void SpeechFeed::read_parts(media::AudioReader& reader) {
    std::vector<float> part(kPart), gathered;
    bool flowing = false;
    while (const std::size_t count = reader.read_some(part.data(), part.size())) {
        num_samples_ += static_cast<std::int64_t>(count);
        gathered.insert(gathered.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
        if (flowing && session_.num_waiting() == 0) flowing = false;  // it ran dry: gather again
        if (comes_live_ && !flowing && static_cast<double>(gathered.size()) < kGatheredS * kSessionRateHz)
            continue;
        flowing = true;
        hand_on(gathered);
        while (!audio_.microphone &&
               static_cast<double>(session_.num_waiting()) > kMostAheadS * kSessionRateHz) {
            throw_if_cancelled();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        throw_if_cancelled();
    }
    hand_on(gathered);
}

void SpeechFeed::hand_on(std::vector<float>& sound) {
    // Who speaks into a microphone would fall behind for good: of a machine that was away, or stood still.
    const bool too_late =
        audio_.microphone && static_cast<double>(session_.num_waiting()) > kMostBehindS * kSessionRateHz;
    if (!too_late) session_.push(sound.data(), static_cast<std::int64_t>(sound.size()));
    sound.clear();
}

}  // namespace vultus::publishing
