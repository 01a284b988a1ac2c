// The kinds of voices; open_voice() chooses.
#pragma once

#include "voices/voice.h"

namespace vultus::voices {

/// name: without the kind, "rms"; "en-us+f3". Errors: kUnsupported.
std::unique_ptr<Voice> open_flite(const std::string& name, const VoiceOptions& options);
std::unique_ptr<Voice> open_espeak(const std::string& name, const VoiceOptions& options);
std::unique_ptr<Voice> open_command(const std::string& command, const VoiceOptions& options);
std::unique_ptr<Voice> open_server(const std::string& url, const VoiceOptions& options);

std::vector<VoiceInfo> flite_voices();
std::vector<VoiceInfo> espeak_voices();

/// Sound of any rate, handed on at kVoiceRateHz.
void hand_on(const std::vector<float>& samples, int rate_hz, const TakeSound& take);
/// The same for phones.
Spans at_voice_rate(Spans spans, int rate_hz, std::int64_t num_samples);

/// Any sound FFmpeg reads, from memory or from a file. who: for messages. Errors: kIo when it holds none.
std::vector<float> decode_sound(const std::string& bytes, const std::string& who);
std::vector<float> read_sound(const std::filesystem::path& file, const std::string& who);

/// A command line's words: quotes ('...', "...") and backslashes as in a shell, nothing else of one.
/// Errors: kInvalidArgument.
std::vector<std::string> words_of_command(const std::string& command);

}  // namespace vultus::voices
