#include "training_loop/run_folder.h"

#include "base/error.h"

namespace vultus::training_loop {

RunFolder::RunFolder(const std::filesystem::path& out) : folder(out.string() + ".training") {
    const std::filesystem::path parent = folder.has_parent_path() ? folder.parent_path() : ".";
    if (!std::filesystem::is_directory(parent))
        fail(ErrorCode::kIo, "[train] {}: folder {} does not exist", out.string(), parent.string());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail(ErrorCode::kIo, "[train] cannot create {}: {}", folder.string(), error.message());
}

}  // namespace vultus::training_loop
