// Speech whose phones are known: what the speech encoder learns from.
//
//     me.speech/speech.json   what this header describes
//     me.speech/sound.s16     all clips one after the other: little-endian 16-bit mono, 16 kHz
//
// Reading this needs no FFmpeg: the trainer runs where there is only LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/output_file.h"

namespace vultus::corpus {

inline constexpr int kSpeechCorpusVersion = 1;
inline constexpr int kSpeechRateHz = 16000;

/// One phone of a clip: [begin, end) in samples of the clip. Phones are indices into audio::phone_name();
/// -1 is unknown.
struct PhoneSpan {
    std::int64_t begin_sample = 0, end_sample = 0;
    int phone = -1;
    bool operator==(const PhoneSpan&) const = default;
};

struct SpeechClip {
    std::string name;      ///< unique
    std::string voice;     ///< "flite/slt"; clips of one voice share it
    std::string language;  ///< "en", "de" ...
    std::string text;      ///< what was said; may be empty
    bool validation = false;
    std::int64_t offset_samples = 0, num_samples = 0;  ///< place in sound.s16
    std::vector<PhoneSpan> phones;                     ///< in order, without gaps, from 0 to num_samples
};

class SpeechCorpus {
  public:
    /// Errors: kIo, kCorruptData (missing keys, clips outside of the sound, phones that do not cover their
    /// clip), kUnsupported (newer version).
    static SpeechCorpus open(const std::filesystem::path& folder);

    const std::vector<SpeechClip>& clips() const { return clips_; }
    /// A clip's sound, [num_samples], -1..1. Concurrent calls are fine. Errors: kInvalidArgument, kIo.
    std::vector<float> audio(std::size_t clip) const;

  private:
    std::vector<SpeechClip> clips_;
    std::filesystem::path sound_path_;
    std::shared_ptr<int> sound_;  ///< descriptor of sound.s16
};

/// Writes a speech corpus; the folder appears under its name only when finish() has succeeded.
class SpeechCorpusWriter {
  public:
    /// Errors: kInvalidArgument when `folder` exists and is not empty, kIo.
    explicit SpeechCorpusWriter(const std::filesystem::path& folder);

    /// audio [n] at 16 kHz, clipped to -1..1; the place and the length of `clip` are filled in. Errors:
    /// kInternal for phones that do not cover the sound, kIo.
    void add(SpeechClip clip, const std::vector<float>& audio);
    const std::vector<SpeechClip>& clips() const { return clips_; }
    void finish();

  private:
    OutputFile folder_;
    std::ofstream sound_;
    std::vector<SpeechClip> clips_;
    std::int64_t num_samples_ = 0;
};

}  // namespace vultus::corpus
