// Texts in several languages, to words and their readings.
#include <cstdio>
#include <cstdlib>

#include "transcription/fuzz_texts_testonly.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string fault = vultus::transcription::try_text({reinterpret_cast<const char*>(data), size});
    if (fault.empty()) return 0;
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
}
