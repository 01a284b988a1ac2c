// For tests that see only the library's own vultus::Error.
#pragma once

#include <string>

void write_tiny_person(const std::string& path);
