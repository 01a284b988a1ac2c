// Phones and visemes of sound that is still coming.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "alignment/online_decoder.h"
#include "audio/phones.h"
#include "audio/resampler.h"
#include "hearing/phone_recognizer.h"

namespace vultus::transcription {

/// 20 ms of sound, half of it before and half after index * 20 ms.
struct LiveFrame {
    std::int64_t index = 0;
    double start_s = 0, end_s = 0;  ///< since the beginning; they follow one another without gaps
    int phone = 0;                  ///< audio/phones.h
    std::array<float, audio::kNumVisemes> viseme_weights{};  ///< 0..1, they sum up to 1
};

/// Push sound, pull frames: each is there when 82.5 ms of sound after its middle are.
/// Threads  one caller at a time.
class LivePhones {
  public:
    /// recognizer must outlive this. Errors: kInvalidArgument for a rate beyond 8000..192000.
    LivePhones(const hearing::PhoneRecognizer& recognizer, int sample_rate_hz);

    /// Mono, -1..1.
    void push(std::span<const float> audio);
    /// What was pushed is all: its last frames come. Sound pushed later begins anew, at 0 s.
    void finish();
    /// False when the sound does not reach for another frame.
    bool pull(LiveFrame& frame);

  private:
    void take(const std::vector<float>& rows);

    int sample_rate_hz_;
    std::unique_ptr<hearing::SpeechEncoderStream> encoder_;
    std::unique_ptr<audio::Resampler> resampler_;
    alignment::OnlineDecoder decoder_;
    std::deque<LiveFrame> frames_;
    std::vector<float> sound_, rows_;
    std::int64_t next_index_ = 0, num_samples_ = 0;
    bool finished_ = false;
};

}  // namespace vultus::transcription
