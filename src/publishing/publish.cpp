#include "publishing/publish.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "marking/picture_mark.h"
#include "publishing/speech_feed.h"
#include "publishing/target.h"
#include "rendering/origin.h"
#include "speaking/live_session.h"

namespace vultus::publishing {
namespace {

using Clock = std::chrono::steady_clock;
using speaking::LiveSession;

constexpr auto kFarBehind = std::chrono::milliseconds(500);
constexpr double kRestS = 0.3;  ///< after the speech, in which the mouth closes

/// Frames at their times.
class Show {
  public:
    Show(const PublishOptions& options, double fps, int size_px, LiveSession& session, SpeechFeed& speech,
         Target& target)
        : options_(options), fps_(fps), session_(session), speech_(speech), target_(target) {
        if (options.mark) mark_.emplace(size_px, size_px);
    }

    void run(PublishReport& report) {
        const auto step =
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / fps_));
        Progress progress("live", "frames", 0);
        auto due = Clock::now();
        while (!over(report)) {
            std::this_thread::sleep_until(due);
            const auto now = Clock::now();
            if (now - due > kFarBehind) due = now;  // the machine was away: time goes on from here
            const bool late = now - due > step && !frame_.rgb.empty();
            report.num_late += late;
            if (!show(late)) ++report.num_unsent;
            progress.update(++report.num_frames);
            due += step;
        }
    }

  private:
    bool over(PublishReport& report) {
        if (cancel_requested()) return report.cancelled = true;
        const auto frames_of = [&](double seconds) {
            return static_cast<std::int64_t>(std::ceil(seconds * fps_ - 1e-6));
        };
        if (options_.seconds > 0 && report.num_frames >= frames_of(options_.seconds)) return true;
        const bool spoken = speech_.done() && !options_.speech.empty() && session_.num_waiting() == 0;
        num_at_rest_ = spoken && !frame_.speaking ? num_at_rest_ + 1 : 0;
        return !options_.stay && num_at_rest_ > frames_of(kRestS);
    }

    /// A late frame is not drawn, so that the next one is in time: sound never waits for pictures. Neither is
    /// one that nobody gets. False: not sent.
    bool show(bool late) {
        const bool draw = (!late && target_.ready()) || frame_.rgb.empty();
        session_.pull(LiveSession::Missing::kSilence, frame_, draw);
        if (draw && mark_) mark_->add(frame_.rgb.data(), static_cast<double>(frame_.index) / fps_);
        return target_.write(frame_);
    }

    const PublishOptions& options_;
    const double fps_;
    LiveSession& session_;
    SpeechFeed& speech_;
    Target& target_;
    std::optional<marking::PictureMark> mark_;
    speaking::LiveFrame frame_;
    std::int64_t num_at_rest_ = 0;
};

}  // namespace

PublishReport publish(const PublishOptions& options) {
    if (!options.mark) rendering::require_owner(options.person);
    const auto talker =
        std::make_shared<speaking::SharedTalker>(person::load_person(options.person), options.talker);
    const double fps = talker->talker.fps();
    const int size_px = talker->talker.size_px();
    Target target(output_of(options, talker->talker.person(), size_px), options.retries);
    LiveSession session(talker, {kSessionRateHz, 0, options.pose});
    PublishReport report;
    SpeechFeed speech(options.speech, options.audio, session);
    Show(options, fps, size_px, session, speech, target).run(report);
    speech.stop();
    target.finish();
    report.speech_s = speech.seconds();
    report.faults = speech.faults();
    report.seconds = static_cast<double>(report.num_frames) / fps;
    report.num_connections = target.num_connections();
    report.encoder = target.encoder();
    report.runtime = talker->talker.runtime_name();
    return report;
}

}  // namespace vultus::publishing
