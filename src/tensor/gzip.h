// Bytes made smaller without loss, as the gzip program does (RFC 1952).
#pragma once

#include <string>
#include <string_view>

namespace vultus {

/// The same bytes give the same result.
std::string gzip(std::string_view bytes);

/// True when it begins as gzip's files do.
bool is_gzip(std::string_view bytes);

/// Errors: kCorruptData when damaged (a checksum tells), cut short, followed by something else, or when
/// little becomes very much: more than a hundredfold.
std::string gunzip(std::string_view bytes, const std::string& name_for_errors);

}  // namespace vultus
