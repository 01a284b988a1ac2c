// How soon and how evenly a live session gives its frames, by the clock on the wall.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "base/progress.h"
#include "person/person.h"

namespace vultus::speed {

/// Noise that swells and fades four times a second, as speech does; 16 kHz.
std::vector<float> speech_like(double seconds);

/// From the push of the first sound to the frame that shows it, drawn; look-ahead 0, a session that has
/// spoken before, sound in parts of 10 ms when their time has come. {"when_ready": frames are pulled as soon
/// as their sound is there, "on_the_clock": they are pulled at the person's rate, also in silence}, each with
/// median_ms, highest_ms and rounds. Errors: kCancelled.
nlohmann::json first_sound_to_frame(const person::Person& person, int num_threads, int rounds);

/// Frames at the person's own rate for `seconds`, each pulled when its time has come; one that would begin
/// more than a frame late is dropped (not drawn). {mean_ms, median_ms, p99_ms, highest_ms, count,
/// late_frames, dropped_frames, ...}; a late frame is ready only after the next one's time. Errors:
/// kCancelled.
nlohmann::json paced_run(const person::Person& person, int num_threads, double seconds, Progress& progress,
                         std::int64_t progress_done);

}  // namespace vultus::speed
