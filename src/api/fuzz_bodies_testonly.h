// What the mutation tests and the fuzzers share: hostile person files and hostile calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "vultus/vultus.h"

/// Writes `bytes` to the file `scratch`, opens it as a person and, where that works, draws from a session.
/// Returns what is wrong with the library's answers, "" when nothing is; `status` is what opening gave.
std::string try_person(const std::string& bytes, const std::string& scratch, vultus_status& status);

/// Opens, feeds, interrupts, pulls and closes sessions of an open person; the bytes choose what, until they
/// are used up. Returns what is wrong, "" when nothing is.
std::string try_calls(vultus_person* person, const std::uint8_t* bytes, std::size_t size);
