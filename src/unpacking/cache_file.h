// A cache beside a corpus, as it is written.
#pragma once

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/output_file.h"
#include "corpus/corpus.h"

namespace vultus::unpacking {

/// A cache of that kind (FrameCache, MotionCache) is there and fits the corpus.
template <typename Cache>
bool is_complete(const corpus::Corpus& corpus, int size_px) {
    try {
        Cache cache(corpus, size_px);
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// Gets its name when all of it is there. Errors: kIo (full disk).
class CacheFile {
  public:
    explicit CacheFile(const std::filesystem::path& path)
        : file_(path), out_(file_.temporary(), std::ios::binary) {}

    void write(const void* values, std::size_t bytes) {
        check(out_.write(static_cast<const char*>(values), static_cast<std::streamsize>(bytes)));
    }
    void finish() {
        out_.close();
        check(out_);
        file_.commit();
    }

  private:
    void check(const std::ostream& out) const {
        if (!out)
            fail(ErrorCode::kIo, "[corpus] {}: cannot write: {}", file_.temporary().string(),
                 std::strerror(errno));
    }

    OutputFile file_;
    std::ofstream out_;
};

}  // namespace vultus::unpacking
