// Sound from wherever it comes to a live session, no further ahead than it must be.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "media/audio_reader.h"
#include "speaking/live_session.h"

namespace vultus::publishing {

constexpr int kSessionRateHz = 16000;

/// Reads on a thread of its own.
class SpeechFeed {
  public:
    /// speech: empty: nothing is read. Errors: as AudioReader, at once but for pipes, whose come from done().
    SpeechFeed(const std::filesystem::path& speech, const media::AudioOptions& audio,
               speaking::LiveSession& session);
    ~SpeechFeed();

    /// All of it was handed on. Throws what went wrong meanwhile.
    bool done();
    /// Ends the reading; then what was read and what is wrong with it, as AudioReader::faults().
    void stop();
    double seconds() const { return static_cast<double>(num_samples_) / kSessionRateHz; }
    const std::vector<std::string>& faults() const { return faults_; }

  private:
    void read_all(std::unique_ptr<media::AudioReader> reader);
    void read_parts(media::AudioReader& reader);
    void hand_on(std::vector<float>& sound);

    const std::filesystem::path speech_;
    const media::AudioOptions audio_;
    const bool comes_live_;  ///< through a pipe, or from a microphone
    speaking::LiveSession& session_;
    std::atomic<bool> stop_{false}, done_{false};
    std::atomic<std::int64_t> num_samples_{0};
    std::vector<std::string> faults_;  ///< of the thread, until it has ended
    std::mutex mutex_;
    std::exception_ptr problem_;
    std::thread thread_;
};

}  // namespace vultus::publishing
