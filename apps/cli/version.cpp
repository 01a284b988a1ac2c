#include "version.h"

#include <fmt/format.h>

#include <filesystem>

#include "infer/runtime_name.h"
#include "media/ffmpeg_version.h"

namespace vultus::cli {
namespace {

std::string trainer() {
    std::error_code error;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    return std::filesystem::exists(here / "vultus-train", error) ? "vultus-train beside this program"
                                                                 : "none beside this program";
}

}  // namespace

std::string version_text() {
    std::string text = fmt::format("vultus {} ({})\n", VULTUS_VERSION, kCommit);
    const auto line = [&text](const char* label, const std::string& value) {
        text += fmt::format("{:<10}{}\n", label, value);
    };
    line("built", VULTUS_BUILT);
    line("parts", VULTUS_PARTS);
    line("trainer", trainer());
    line("media", "FFmpeg " + media::ffmpeg_version());
    line("runtime", fmt::format("{}; own kernels for {}", infer::runtime_here(), infer::kernels_here()));
    text.pop_back();  // whoever prints ends the line
    return text;
}

}  // namespace vultus::cli
