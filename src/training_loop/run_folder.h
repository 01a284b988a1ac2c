// Where a run keeps its state.
#pragma once

#include <filesystem>

namespace vultus::training_loop {

/// OUT.training/ beside the file OUT that the run is to write.
struct RunFolder {
    /// Makes it. Errors: kIo.
    explicit RunFolder(const std::filesystem::path& out);
    std::filesystem::path folder;
    std::filesystem::path dae_checkpoint() const { return folder / "dae.safetensors"; }
    std::filesystem::path speech_checkpoint() const { return folder / "speech.safetensors"; }
    std::filesystem::path dae_person() const { return folder / "dae.vultus"; }
};

}  // namespace vultus::training_loop
