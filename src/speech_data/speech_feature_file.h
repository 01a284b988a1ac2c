// The features of a speech encoder, for other programs.
#pragma once

#include <cstdint>
#include <filesystem>

#include "media/audio_reader.h"
#include "models/config.h"

namespace vultus::speech_data {

struct SpeechFeatureFileOptions {
    std::filesystem::path sound;    ///< any file FFmpeg reads
    std::filesystem::path encoder;  ///< a small speech encoder, or published weights (person/wav2vec2_file.h)
    std::filesystem::path out;      ///< NumPy's .npy: float32 [rows at 50 Hz, width]
    models::Wav2Vec2Options layers;  ///< of published weights
    bool whole = false;              ///< one window, however long (published weights; at most 2 min)
    int num_threads = 0;             ///< 0: all cores
    media::AudioOptions audio = {};  ///< how the sound is read
};

struct SpeechFeatureFile {
    std::int64_t num_rows = 0, width = 0;
    double sound_s = 0, compute_s = 0;  ///< compute_s: what the encoder took
    std::vector<std::string> faults;    ///< of the sound, as AudioReader's
};

/// Memory does not depend on the length of the sound, but for `whole`. Errors: as AudioReader and the
/// encoder's file; kInvalidArgument for sound shorter than one row, layers that there are not, or too long
/// for one window.
SpeechFeatureFile write_speech_features(const SpeechFeatureFileOptions& options);

}  // namespace vultus::speech_data
