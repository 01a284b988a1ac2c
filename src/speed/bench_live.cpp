#include "speed/bench_live.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "base/cancel.h"
#include "base/rng.h"
#include "speaking/live_session.h"
#include "speed/times.h"

namespace vultus::speed {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;
using Missing = speaking::LiveSession::Missing;

constexpr int kSampleRateHz = 16000;
constexpr std::int64_t kPartSamples = 160;
constexpr std::chrono::milliseconds kPart{10};
constexpr int kIdleFrames = 8;  ///< before the speech of each round, on the clock

Clock::duration to_clock(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::shared_ptr<speaking::SharedTalker> shared_talker(const person::Person& person, int num_threads) {
    speaking::TalkerOptions options;
    options.num_threads = num_threads;
    return std::make_shared<speaking::SharedTalker>(person, options);
}

/// Speaks into one session again and again.
class Asker {
  public:
    Asker(const person::Person& person, int num_threads)
        : frame_s_(1 / person.fps()), session_(shared_talker(person, num_threads), {}) {}

    /// Two seconds of speech, and its end.
    void warm_up() {
        const std::vector<float> sound = speech_like(2);
        session_.push(sound.data(), static_cast<std::int64_t>(sound.size()));
        end();
    }

    double when_ready_ms() {
        const Clock::time_point start = Clock::now();
        for (std::int64_t k = 0;; ++k) {
            std::this_thread::sleep_until(start + k * kPart);
            push(k);
            while (session_.pull(Missing::kWait, frame_))
                if (frame_.speaking) return end(ms_since(start));
        }
    }

    /// phase: when the speech begins, as a part of a frame after the last idle one.
    double on_the_clock_ms(double phase) {
        const Clock::time_point start = Clock::now();
        const Clock::time_point speech = start + to_clock((kIdleFrames + phase) * frame_s_);
        std::int64_t frames = 0, parts = 0;
        for (;;) {
            const Clock::time_point next_frame = start + to_clock(static_cast<double>(frames) * frame_s_);
            const Clock::time_point next_part = speech + parts * kPart;
            std::this_thread::sleep_until(std::min(next_frame, next_part));
            if (next_part <= next_frame) {
                push(parts++);
                continue;
            }
            session_.pull(Missing::kSilence, frame_);
            ++frames;
            if (frame_.speaking) return end(ms_since(speech));
        }
    }

  private:
    void push(std::int64_t part) {
        throw_if_cancelled();
        const auto at = static_cast<std::size_t>(part % 50 * kPartSamples);
        session_.push(&sound_[at], kPartSamples);
    }
    double end(double passed_through = 0) {
        session_.end_speech();
        while (session_.pull(Missing::kWait, frame_, false)) {
        }
        return passed_through;
    }

    double frame_s_;
    speaking::LiveSession session_;
    speaking::LiveFrame frame_;
    std::vector<float> sound_ = speech_like(0.5);
};

Json summary(const Times& times) {
    return {{"median_ms", times.median_ms()}, {"highest_ms", times.highest_ms()}, {"rounds", times.count()}};
}

}  // namespace

std::vector<float> speech_like(double seconds) {
    Rng rng(7);
    std::vector<float> sound(static_cast<std::size_t>(seconds * kSampleRateHz));
    for (std::size_t i = 0; i < sound.size(); ++i) {
        const double swell = std::sin(static_cast<double>(i) * 4 * 3.14159265 / kSampleRateHz);
        sound[i] = static_cast<float>(0.1 * swell * swell * rng.normal());
    }
    return sound;
}

Json first_sound_to_frame(const person::Person& person, int num_threads, int rounds) {
    Asker asker(person, num_threads);
    asker.warm_up();
    Times when_ready, on_the_clock;
    for (int round = 0; round < rounds; ++round) {
        const double ready_ms = asker.when_ready_ms();
        when_ready.add(ready_ms, ready_ms);
        const double clock_ms = asker.on_the_clock_ms((round + 0.5) / rounds);
        on_the_clock.add(clock_ms, clock_ms);
    }
    return {{"when_ready", summary(when_ready)}, {"on_the_clock", summary(on_the_clock)}};
}

Json paced_run(const person::Person& person, int num_threads, double seconds, Progress& progress,
               std::int64_t progress_done) {
    const auto shared = shared_talker(person, num_threads);
    speaking::LiveSession session(shared, {});
    const auto per_frame = static_cast<std::int64_t>(kSampleRateHz / person.fps());
    const std::vector<float> sound = speech_like(1);
    const std::int64_t parts = static_cast<std::int64_t>(sound.size()) / per_frame;
    speaking::LiveFrame frame;
    const auto total = static_cast<std::int64_t>(seconds * person.fps());
    const Clock::duration period = to_clock(1 / person.fps());
    const Clock::time_point start = Clock::now();
    Times times;
    std::int64_t late = 0, dropped = 0;
    for (std::int64_t tick = 0; tick < total; ++tick) {
        throw_if_cancelled();
        const Clock::time_point due = start + to_clock(static_cast<double>(tick) / person.fps());
        std::this_thread::sleep_until(due);
        const bool draw = Clock::now() - due <= period;
        if (!draw) ++dropped;
        times.measure([&] {
            session.push(&sound[static_cast<std::size_t>(tick % parts * per_frame)], per_frame);
            session.pull(Missing::kSilence, frame, draw);
        });
        if (Clock::now() - due > period) ++late;
        progress.update(progress_done, fmt::format("paced run, {} of {} frames", tick, total));
    }
    Json row = times.to_json();
    row["steps"] = shared->talker.steps();
    row["late_frames"] = late;
    row["dropped_frames"] = dropped;
    row["highest_ms"] = times.highest_ms();
    return row;
}

}  // namespace vultus::speed
