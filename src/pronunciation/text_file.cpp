#include "pronunciation/text_file.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "pronunciation/plain_text.h"

namespace vultus::pronunciation {
namespace {

constexpr std::size_t kHeadBytes = 4096;

/// By its first bytes; null for what may be text.
const char* kind_of(std::string_view bytes) {
    const std::string_view head = bytes.substr(0, kHeadBytes);
    if (head.starts_with("PK\x03\x04")) {
        if (bytes.find("word/document.xml") != std::string_view::npos) return "a Word document (.docx)";
        if (bytes.find("opendocument.text") != std::string_view::npos) return "an OpenDocument text (.odt)";
        return "a ZIP archive";
    }
    if (head.starts_with("\xD0\xCF\x11\xE0")) return "an old Word document (.doc)";
    if (head.starts_with("%PDF")) return "a PDF";
    if (head.starts_with("{\\rtf")) return "rich text (.rtf)";
    if (head.find('\0') != std::string_view::npos) return "binary data";
    return nullptr;
}

/// bytes: pairs without the mark.
std::string from_utf16(std::string_view bytes, bool big_endian) {
    std::string text;
    char32_t high = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const auto first = static_cast<unsigned char>(bytes[i]),
                   second = static_cast<unsigned char>(bytes[i + 1]);
        const char32_t unit = big_endian ? first << 8 | second : second << 8 | first;
        if (unit >= 0xD800 && unit < 0xDC00) {
            high = unit;
            continue;
        }
        const bool low = unit >= 0xDC00 && unit < 0xE000;
        if (low && high != 0)
            append_utf8(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), text);
        else
            append_utf8(low ? 0xFFFD : unit, text);
        high = 0;
    }
    return text;
}

}  // namespace

std::string decode_text(std::string bytes, const std::string& name) {
    const std::string_view all = bytes;
    if (all.starts_with("\xFF\xFE")) return from_utf16(all.substr(2), false);
    if (all.starts_with("\xFE\xFF")) return from_utf16(all.substr(2), true);
    if (const char* kind = kind_of(all))
        fail(ErrorCode::kCorruptData,
             "[pronunciation] {}: expected a plain text, got {}; save it as text (UTF-8)", name, kind);
    return bytes;
}

}  // namespace vultus::pronunciation
