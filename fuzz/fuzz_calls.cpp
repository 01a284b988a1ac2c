// Calls of the streaming API in any order, with any arguments.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "api/fuzz_bodies_testonly.h"
#include "api/write_tiny_person_testonly.h"

namespace {

vultus_person* open_tiny_person() {
    const std::string file = "/tmp/vultus-fuzz-" + std::to_string(::getpid()) + ".vultus";
    write_tiny_person(file);
    vultus_person_options options;
    vultus_person_options_init(&options);
    options.num_threads = 1;
    vultus_person* person = nullptr;
    if (vultus_person_open(file.c_str(), &options, &person) != VULTUS_OK) std::abort();
    std::filesystem::remove(file);
    return person;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static vultus_person* const person = open_tiny_person();
    const std::string fault = try_calls(person, data, size);
    if (fault.empty()) return 0;
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
}
