#include "base/spelling.h"

#include <algorithm>

namespace vultus {

int edit_distance(std::string_view a, std::string_view b) {
    // Rows of the table distance(prefix of a, prefix of b): two back, one back, this one.
    std::vector<int> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(last);
        last.swap(row);
        row[0] = static_cast<int>(i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
    std::string nearest;
    int least = std::max(1, static_cast<int>(word.size()) / 3) + 1;
    for (const std::string& candidate : known)
        if (const int distance = edit_distance(word, candidate); distance < least) {
            least = distance;
            nearest = candidate;
        }
    return nearest;
}

}  // namespace vultus
