// How well phone times agree with labels: frame accuracy over visemes.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "alignment/word_times.h"
#include "audio/phones.h"
#include "corpus/speech_corpus.h"

namespace vultus::speech_data {

/// Counts over sounds; frames are 10 ms, judged at their middle. Frames without a known label are left out.
class VisemeScore {
  public:
    /// labels and found cover the same sound, in order, in samples at 16 kHz; found may have holes, which are
    /// silence.
    void add(const std::vector<corpus::PhoneSpan>& labels, const std::vector<corpus::PhoneSpan>& found);

    std::int64_t frames() const { return frames_; }
    double viseme_accuracy() const;
    /// Of the same 40 phones.
    double phone_accuracy() const;
    /// Over the frames that the labels do not call silence.
    double speech_viseme_accuracy() const;
    /// confusions()[labelled][found], in frames.
    const std::array<std::array<std::int64_t, audio::kNumVisemes>, audio::kNumVisemes>& confusions() const {
        return confusions_;
    }

  private:
    std::int64_t frames_ = 0, same_phone_ = 0;
    std::array<std::array<std::int64_t, audio::kNumVisemes>, audio::kNumVisemes> confusions_{};
};

/// Phones of a file as `vultus phones --format tsv` writes them: start, end (s), phone; more columns and a
/// header are passed over. Errors: kIo, kCorruptData.
std::vector<corpus::PhoneSpan> read_phone_tsv(const std::filesystem::path& file);

struct VoiceScore {
    std::string voice;  ///< without the variant after '+'
    int num_clips = 0;
    VisemeScore score;
};

/// The validation clips of a corpus against FOLDER/NAME.tsv, by voice; clips without such a file are left
/// out. Errors: kInvalidArgument when no clip has one.
std::vector<VoiceScore> score_folder(const corpus::SpeechCorpus& corpus, const std::filesystem::path& folder);

/// What happens to clips before they are heard: "clean", "noise" (10 dB), "room" (small: 0.3 s, direct sound
/// 5 dB above the rest), "telephone" (300 to 3400 Hz).
const std::vector<std::string>& listening_conditions();

/// The validation clips under a condition as a new corpus, with the sound that score_encoder() hears: to
/// score other programs on. Errors: kInvalidArgument for another condition, without validation clips, or when
/// `folder` exists and is not empty; kIo.
void spoil_corpus(const corpus::SpeechCorpus& corpus, const std::string& condition,
                  const std::filesystem::path& folder);

/// The validation clips under a condition against what a speech encoder (empty: the one that comes with
/// Vultus) hears in them; with `words` what these make of it. Errors: kInvalidArgument for another condition
/// or without validation clips; as PhoneRecognizer.
std::vector<VoiceScore> score_encoder(const corpus::SpeechCorpus& corpus,
                                      const std::filesystem::path& speech_model, const std::string& condition,
                                      const alignment::WordRecognizer* words = nullptr);
std::string format_scores(const std::vector<VoiceScore>& scores);

}  // namespace vultus::speech_data
