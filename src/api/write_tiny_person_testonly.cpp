#include "api/write_tiny_person_testonly.h"

#include "person/person.h"
#include "tiny_person_testonly.h"

void write_tiny_person(const std::string& path) {
    vultus::person::save_person(path, vultus::test::tiny_person());
}
