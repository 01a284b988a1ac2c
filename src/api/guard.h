// The edge of the library: exceptions become status codes, structs are checked before they are read.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "base/error.h"
#include "vultus/vultus.h"

namespace vultus::api {

/// Remembers the line for vultus_last_error() and logs it.
vultus_status failed(vultus_status status, const std::string& line) noexcept;
void log_line(vultus_log_level level, const std::string& line);

inline vultus_status status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument:
            return VULTUS_ERROR_INVALID_ARGUMENT;
        case ErrorCode::kIo:
            return VULTUS_ERROR_IO;
        case ErrorCode::kCorruptData:
            return VULTUS_ERROR_CORRUPT_DATA;
        case ErrorCode::kUnsupported:
            return VULTUS_ERROR_UNSUPPORTED;
        case ErrorCode::kCancelled:
            return VULTUS_ERROR_CANCELLED;
        case ErrorCode::kInternal:
            break;
    }
    return VULTUS_ERROR_INTERNAL;
}

/// Runs body, which returns a status or throws.
template <typename F>
vultus_status guarded(F body) noexcept {
    try {
        return body();
    } catch (const Error& error) {
        return failed(status_of(error.code()), error.what());
    } catch (const std::bad_alloc&) {
        return failed(VULTUS_ERROR_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& error) {
        return failed(VULTUS_ERROR_INTERNAL, error.what());
    } catch (...) {
        return failed(VULTUS_ERROR_INTERNAL, "unknown failure");
    }
}

/// Calls body with the object behind the handle, kept alive meanwhile.
template <typename Table, typename Handle, typename F>
vultus_status with_handle(const Handle* handle, const char* kind, F body) noexcept {
    return guarded([&] {
        const auto object = Table::all().find(handle);
        if (!object)
            return failed(VULTUS_ERROR_HANDLE,
                          fmt::format("[api] {}: expected an open handle, got {}", kind,
                                      handle ? "one that is closed or of another kind" : "null"));
        return body(*object);
    });
}

/// Takes it out of the table; null is ignored.
template <typename Table, typename Handle>
vultus_status close_handle(Handle* handle, const char* kind) noexcept {
    if (!handle) return VULTUS_OK;
    return with_handle<Table>(handle, kind, [&](const auto&) {
        Table::all().remove(handle);
        return VULTUS_OK;
    });
}

/// Errors: kInvalidArgument when null or shorter than any version of the struct; kUnsupported when a newer
/// caller has set something that this version does not know.
template <typename Struct>
void check_struct(const Struct* given, const char* name) {
    if (!given) fail(ErrorCode::kInvalidArgument, "[api] {}: expected a struct, got null", name);
    const std::size_t size = given->struct_size;
    if (size < sizeof(Struct) || size > 65536)
        fail(ErrorCode::kInvalidArgument,
             "[api] {}.struct_size: expected {} as its init function sets, got {}", name, sizeof(Struct),
             size);
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    for (std::size_t i = sizeof(Struct); i < size; ++i)
        if (bytes[i] != 0)
            fail(ErrorCode::kUnsupported, "[api] {}: a field is set that this version ({}) does not know",
                 name, vultus_version());
}

/// As much of it as fits, and a zero.
template <std::size_t N>
void copy_text(const std::string& from, char (&to)[N]) {
    std::size_t length = std::min(from.size(), N - 1);
    // Not in the middle of a UTF-8 character.
    while (length < from.size() && length > 0 && (from[length] & 0xC0) == 0x80) --length;
    from.copy(to, length);
    to[length] = 0;
}

template <typename Struct>
Struct blank() {
    Struct value;
    std::memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    return value;
}

/// A caller's options, or the defaults for null.
template <typename Struct>
Struct options_or_defaults(const Struct* given, void (*init)(Struct*), const char* name) {
    if (given) {
        check_struct(given, name);
        return *given;
    }
    Struct defaults;
    init(&defaults);
    return defaults;
}

}  // namespace vultus::api
