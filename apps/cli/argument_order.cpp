#include "argument_order.h"

#include "base/error.h"
#include "tensor/archive.h"

namespace vultus::cli {

void require_person_first(const std::string& command, const std::filesystem::path& person,
                          const std::filesystem::path& other, const std::string& what) {
    if (is_archive(person) || !is_archive(other)) return;
    fail(ErrorCode::kInvalidArgument,
         "[{0}] expected a person file and then {3}, got them the other way round; try: vultus {0} {1} {2}",
         command, other.string(), person.string(), what);
}

}  // namespace vultus::cli
