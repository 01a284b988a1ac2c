// Requests to the server: targets, forms, commands, offers, names of hosts, fields.
#include <cstdio>
#include <cstdlib>

#include "serving/fuzz_requests_testonly.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string fault = vultus::serving::try_request({reinterpret_cast<const char*>(data), size});
    if (fault.empty()) return 0;
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
}
