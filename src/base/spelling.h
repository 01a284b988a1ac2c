// Which known word somebody may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vultus {

/// Least number of letters put in, left out, replaced or swapped with their neighbour.
int edit_distance(std::string_view a, std::string_view b);

/// The one of `known` that is nearest to `word`, the first of several; empty when more than a third of the
/// word would have to change (a single letter always may).
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace vultus
