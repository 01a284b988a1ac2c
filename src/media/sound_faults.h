// What is wrong with sound that can be read all the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media/stream_decoder.h"

namespace vultus::media {

/// Watches a stream being read and says afterwards what a user should know of it.
class SoundFaults {
  public:
    /// A decoded frame, before its channels are mixed.
    void add(const AVFrame* frame);
    /// Samples of the mix.
    void add(const float* samples, std::size_t count);
    /// At the end: one line each, without the file's name. mixed: all channels were used.
    std::vector<std::string> lines(const StreamDecoder& decoder, bool mixed) const;
    /// Why there are no samples.
    std::string why_empty(const StreamDecoder& decoder) const;

  private:
    void open_meter(const AVFrame* frame);
    std::string cut_short(const StreamDecoder& decoder) const;

    SwrPtr to_float_;  ///< two channels as they are
    int format_ = -1, rate_hz_ = 0, channels_ = 0;
    std::vector<float> stereo_;
    double energy_[2] = {}, mix_energy_ = 0;
    double decoded_s_ = 0;
    float peak_ = 0;
};

}  // namespace vultus::media
