// Person files: the fuzzer writes the header, which says what everything means; the tensors' bytes stay.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "api/fuzz_bodies_testonly.h"
#include "api/write_tiny_person_testonly.h"
#include "base/output_file.h"
#include "tensor/gzip.h"

namespace {

/// Temporary, and the bytes after the header of a whole person.
struct Place {
    Place() : file("/tmp/vultus-fuzz-" + std::to_string(::getpid()) + ".vultus") {
        write_tiny_person(file);
        const std::string whole = vultus::gunzip(vultus::read_file(file), file);
        std::size_t header = 0;
        for (std::size_t i = 0; i < 8; ++i)
            header |= static_cast<std::size_t>(static_cast<unsigned char>(whole[i])) << (8 * i);
        tensors = whole.substr(8 + header);
    }
    ~Place() { std::filesystem::remove(file); }
    std::string file, tensors;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Place place;
    std::string bytes;
    for (std::size_t i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(size >> (8 * i)));
    bytes.append(reinterpret_cast<const char*>(data), size);
    vultus_status status = VULTUS_OK;
    const std::string fault = try_person(bytes + place.tensors, place.file, status);
    if (fault.empty()) return 0;
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
}
