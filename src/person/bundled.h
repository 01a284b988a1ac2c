// Where the files lie that come with Vultus.
#pragma once

#include <filesystem>
#include <string>

namespace vultus::person {

/// The speech encoder that people listen with unless another is chosen.
inline constexpr const char* kSmallSpeechEncoder = "speech-small.safetensors";

/// The person whose images others start from.
inline constexpr const char* kBundledPerson = "grid-s1.vultus";

/// Looks for `file` in $VULTUS_MODELS, then around the program and around libvultus.so where that runs this
/// code: models/ of a source tree that holds the build folder, share/vultus/ of an installation. Errors: kIo
/// naming the places where it is not.
std::filesystem::path find_bundled(const std::string& file);

}  // namespace vultus::person
