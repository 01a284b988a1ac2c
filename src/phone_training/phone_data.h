// What the speech encoder learns from: labelled speech as log-mel rows, and batches of it.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "corpus/speech_corpus.h"
#include "phone_training/background_sounds.h"

namespace vultus::phone_training {

/// One recording; R = ceil(samples / 160) rows, T = ceil(R / 2) frames at 50 Hz, frame k at row 2 k.
struct PhoneExample {
    std::string voice, language;
    bool validation = false;
    /// [R, 80] log-mel: as recorded; then in turns as another voice, and in noise
    std::vector<std::vector<float>> rows;
    std::vector<std::int8_t> phones;  ///< [T], -1 where nobody knows
    std::vector<float> loudness;      ///< [T, kLoudnessBands]: 10 dB units below the clip's own level

    static bool is_noisy(std::size_t version) { return version > 0 && version % 2 == 0; }
};

struct PhoneBatch {
    torch::Tensor log_mel;   ///< [B, R, 80], normalised
    torch::Tensor phones;    ///< [B, T], int64, -1: unknown
    torch::Tensor loudness;  ///< [B, T, kLoudnessBands]
};

/// Clips of a speech corpus; training clips also with other voices' pitch and formants, and in noise
/// (minutes of work: shows progress). `voice_versions` of both each.
std::vector<PhoneExample> load_phone_examples(const corpus::SpeechCorpus& corpus, int voice_versions,
                                              std::uint64_t seed);

/// Draws varied pieces of training clips.
class PhoneBatches {
  public:
    /// examples must outlive this. Errors: kInvalidArgument without training clips.
    PhoneBatches(const std::vector<PhoneExample>& examples, std::vector<float> mel_mean,
                 std::vector<float> mel_std, bool equalized);
    /// The same Rng state gives the same batch.
    PhoneBatch draw(std::int64_t batch, std::int64_t num_rows, Rng& rng) const;
    /// [kNumPhones]: which part of the drawn frames each phone has, expected; sums to 1, none is 0.
    std::vector<float> phone_share() const;
    /// A whole recording, not varied.
    PhoneBatch whole(const PhoneExample& example) const;

  private:
    struct Piece {
        bool noisy = false;
        std::vector<float> rows, loudness;
        std::vector<std::int64_t> phones;
    };
    const PhoneExample& choose(Rng& rng) const;
    Piece cut(const PhoneExample& example, std::int64_t num_rows, Rng& rng) const;
    Piece silence(std::int64_t num_rows, Rng& rng) const;
    void normalise(std::vector<float>& rows) const;
    /// As a stream hears them that just began or, when warm, that has gone on for some time.
    void equalize(std::vector<float>& rows, bool warm) const;

    const std::vector<PhoneExample>& examples_;
    std::vector<float> mel_mean_, mel_std_;
    bool equalized_;
    BackgroundSounds sounds_;
    std::vector<std::vector<std::size_t>> by_voice_;  ///< indices of training clips
    std::vector<double> voice_share_;                 ///< cumulative, ends at 1
};

/// Mean and deviation of each band over the training clips' rows.
void measure_mel(const std::vector<PhoneExample>& examples, std::vector<float>& mean,
                 std::vector<float>& deviation);

}  // namespace vultus::phone_training
