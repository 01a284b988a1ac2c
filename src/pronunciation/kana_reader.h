// How Japanese words are read: MeCab, loaded while the program runs when the system has it (Debian:
// libmecab2, mecab-ipadic-utf8).
#pragma once

#include <memory>
#include <string>

namespace vultus::pronunciation {

/// Threads  one caller at a time.
class KanaReader {
  public:
    /// Null when the system has no MeCab or no dictionary for it.
    static std::unique_ptr<KanaReader> load();
    ~KanaReader();
    KanaReader(const KanaReader&) = delete;
    KanaReader& operator=(const KanaReader&) = delete;

    /// As it is pronounced, in katakana; what its dictionary lacks stays as it is.
    std::string read(const std::string& text);

  private:
    struct Library;
    explicit KanaReader(std::unique_ptr<Library> library);
    std::unique_ptr<Library> library_;
};

}  // namespace vultus::pronunciation
