// A text file's bytes as UTF-8.
#pragma once

#include <string>

namespace vultus::pronunciation {

/// UTF-8 and UTF-16 with a byte order mark. Errors: kCorruptData for what is no text, naming what it is where
/// that is known (.docx, PDF ...). name: for messages.
std::string decode_text(std::string bytes, const std::string& name);

}  // namespace vultus::pronunciation
