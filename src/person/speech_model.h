// The file of a trained speech encoder: safetensors with its sizes in the metadata.
//
//     metadata  format=vultus-speech, version, model (JSON of SpeechEncoderConfig),
//               card (JSON: how it was trained)
//     tensors   phonetic.*                     weights, bf16; phonetic.hindsight.*: the non-causal encoder's
//               stats.mel_mean, stats.mel_std  f32 [num_mels]
//               stats.phone_share              f32 [num_phones]; older files lack it
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "models/config.h"
#include "tensor/archive.h"

namespace vultus::person {

inline constexpr int kSpeechModelVersion = 1;

struct SpeechModel {
    models::SpeechEncoderConfig config;
    std::vector<float> mel_mean, mel_std;
    /// Which part of the training frames each phone had: what the encoder guesses when it hears nothing.
    /// Empty when the file does not tell.
    std::vector<float> phone_share;
    nlohmann::json card = nlohmann::json::object();  ///< sources, licences, hours, steps, accuracy
    Archive weights;                                 ///< phonetic.* only
};

/// Errors: kIo; kCorruptData when damaged, cut, of another format or with sizes that do not fit together;
/// kUnsupported when made by a newer version.
SpeechModel load_speech_model(const std::filesystem::path& path);
void save_speech_model(const std::filesystem::path& path, const SpeechModel& model);

}  // namespace vultus::person
