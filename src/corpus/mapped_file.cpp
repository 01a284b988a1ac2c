#include "corpus/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace vultus::corpus {

std::shared_ptr<const std::uint8_t> map_file(const std::filesystem::path& path, std::uint64_t expected_bytes,
                                             const char* hint) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        fail(ErrorCode::kIo, "[corpus] {}: {}; {}", path.string(), std::strerror(errno), hint);
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (!known || bytes != expected_bytes) {
        ::close(descriptor);
        fail(ErrorCode::kCorruptData,
             "[corpus] {}: expected {} bytes, got {}; delete it and unpack the frames again", path.string(),
             expected_bytes, bytes);
    }
    void* data = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (data == MAP_FAILED)
        fail(ErrorCode::kIo, "[corpus] {}: cannot map: {}", path.string(), std::strerror(error));
    return {static_cast<const std::uint8_t*>(data),
            [bytes](const std::uint8_t* start) { ::munmap(const_cast<std::uint8_t*>(start), bytes); }};
}

}  // namespace vultus::corpus
