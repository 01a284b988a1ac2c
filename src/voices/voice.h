// Text to sound, whoever speaks it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "voices/speech_marks.h"
#include "voices/spoken_phones.h"

namespace vultus::voices {

inline constexpr int kVoiceRateHz = 24000;  ///< of the sound that all voices give, mono, -1..1

/// Takes sound as it comes; what it throws ends the speaking.
using TakeSound = std::function<void(const std::vector<float>& samples)>;

/// Threads  one caller at a time; different voices at once.
class Voice {
  public:
    virtual ~Voice() = default;
    /// Says one passage that has words. Returns its phones, begin and end in samples of this passage, where
    /// the voice knows them. Errors: kIo (the synthesizer fails, hangs or gives no sound: with its own
    /// words), kCancelled.
    virtual Spans speak(const Passage& passage, const TakeSound& take) = 0;
};

struct VoiceInfo {
    std::string name;         ///< for open_voice()
    std::string language;     ///< "en", "de" ...; may be empty
    std::string description;  ///< for people
    bool phones = false;      ///< speak() gives phones
};

struct VoiceOptions {
    double limit_s = 60;  ///< for one passage
    std::string api_key;  ///< of servers that want one; sent as a bearer token
};

/// flite's and espeak-ng's voices where they are installed; the first is the usual one.
std::vector<VoiceInfo> installed_voices();

/// name: "flite/NAME", "espeak/NAME" (as installed_voices() has them), "cmd:PROGRAM ARGUMENTS" (text on
/// standard input; any sound that FFmpeg reads on standard output, or in the file that takes the place of
/// {out}; no shell), "http[s]://HOST:PORT[/v1[/audio/speech]][?voice=NAME&model=NAME]" (OpenAI's route);
/// empty: the first that is installed. Errors: kUnsupported (not installed, not in this build),
/// kInvalidArgument.
std::unique_ptr<Voice> open_voice(const std::string& name, const VoiceOptions& options = {});

/// One passage of a text, said.
struct Spoken {
    const Passage& passage;
    std::int64_t begin_sample, num_samples;  ///< in the whole, at kVoiceRateHz
    Spans phones;                            ///< in the whole
};

/// Says a text passage by passage, with silence for pauses; `spoken` (may be empty) hears of each after its
/// sound. Returns the samples in all. Errors: as Voice::speak().
std::int64_t speak_passages(Voice& voice, const std::vector<Passage>& passages, const TakeSound& take,
                            const std::function<void(const Spoken&)>& spoken = {});

}  // namespace vultus::voices
