// Where the files lie that come with Vultus.
#pragma once

#include <filesystem>
#include <string>

namespace vultus::person {

/// The speech encoder that people listen with unless another is chosen.
inline constexpr const char* kSmallSpeechEncoder = "speech-small.safetensors";

/// Looks for `file` in $VULTUS_MODELS, then beside the program: models/ of a source tree that holds its build
/// folder, share/vultus/ of an installation. Errors: kIo naming the places where it is not.
std::filesystem::path find_bundled(const std::string& file);

}  // namespace vultus::person
