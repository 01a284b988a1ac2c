// Recorded speech with known text or hand-made labels.
#pragma once

#include <filesystem>
#include <functional>

#include "corpus/speech_corpus.h"

namespace vultus::speech_data {

/// Takes a clip without place and length, and its sound at 16 kHz.
using TakeClip = std::function<void(corpus::SpeechClip, std::vector<float>)>;

/// The GRID corpus's sentences, known by their names ("bbaf2n"): a prepared corpus, whose validation clips
/// stay that, or a folder of recordings of which those at 9 modulo 10 of the sorted names validate. Aligned
/// by pocketsphinx. Errors: as align_with_sphinx; kInvalidArgument when nothing of that kind is there.
void take_grid(const std::filesystem::path& folder, const TakeClip& take);

/// LJSpeech's layout: metadata.csv with NAME|text|spelled text, wavs/NAME.*; all validate. Words that the
/// dictionary lacks are said as espeak-ng says them, clips where that fails are left out.
void take_transcribed(const std::filesystem::path& folder, const TakeClip& take);

/// SpeechBrain's kind of JSON: phn and ground_truth_phn_ends (samples) for clips beside it; all validate.
/// Each comes twice: voice hand/SPEAKER, and, when its words stand under wrd, aligned/SPEAKER with
/// pocketsphinx's times.
void take_hand_labelled(const std::filesystem::path& json, const TakeClip& take);

}  // namespace vultus::speech_data
