// Takes a microphone's or a room's colour off speech, so that an encoder hears every recording alike.
#pragma once

#include <array>
#include <cstdint>

namespace vultus::audio {

/// Log-mel rows (log_mel.h, 80 bands at 100 Hz) moved, band by band, towards the long-term average spectrum
/// of speech. The colour is a running mean over the loud rows so far (about the last ten seconds), smoothed
/// over neighbouring bands; only its shape is taken off, the level stays, as does what lies at log-mel's
/// floor. Causal: any chunking gives the same bits. The idea is cepstral mean normalisation (Atal 1974), on a
/// stream and without the level.
class ChannelEqualizer {
  public:
    static constexpr std::size_t kNumMels = 80;

    ChannelEqualizer() { restart(); }

    /// Listens to rows [num_rows, 80] and equalizes them in place, each with what was heard up to it.
    void advance(float* rows, std::int64_t num_rows);
    /// Only listens: as if the recording had gone on for some time.
    void hear(const float* rows, std::int64_t num_rows);
    void restart();

  private:
    void listen(const float* row);
    void update_gains();

    std::array<float, kNumMels> mean_{};   ///< of the loud rows, less each row's own mean
    std::array<float, kNumMels> gains_{};  ///< of power
    double weight_ = 0;                    ///< rows that mean_ stands for
    float loudest_ = 0;                    ///< mean of a row's bands, falls slowly
    int rows_until_update_ = 0;
    bool flat_ = true;  ///< gains are all 1
};

}  // namespace vultus::audio
