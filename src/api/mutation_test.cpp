// Damaged person files and random calls: a status each time, never a crash. Deterministic, so that whatever
// fails fails again.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/fuzz_bodies_testonly.h"
#include "api/write_tiny_person_testonly.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "tensor/gzip.h"
#include "vultus/vultus.h"

namespace {

class Mutations : public WithTinyPerson {
  protected:
    static vultus_status expect_sound(const std::string& bytes) {
        vultus_status status = VULTUS_OK;
        EXPECT_EQ(try_person(bytes, (folder_ / "damaged.vultus").string(), status), "");
        return status;
    }
};

TEST_F(Mutations, DamagedPersonFiles) {
    // Without the compression, whose checksum refuses everything.
    const std::string whole = vultus::gunzip(vultus::read_file(path_), path_);
    std::uint64_t header = 0;
    for (int i = 0; i < 8; ++i)
        header |= static_cast<std::uint64_t>(static_cast<unsigned char>(whole[static_cast<std::size_t>(i)]))
                  << (8 * i);
    vultus::Rng rng(1);
    int refused = 0;
    for (int round = 0; round < 400; ++round) {
        std::string bytes = whole;
        // The header says what everything means: most of the damage goes there.
        const std::uint64_t reach = round % 4 == 3 ? bytes.size() : header + 8;
        for (std::uint64_t hits = 1 + rng.below(3); hits > 0; --hits) {
            const auto at = static_cast<std::size_t>(rng.below(reach));
            switch (rng.below(5)) {
                case 0:
                    bytes[at] = static_cast<char>(rng.below(256));
                    break;
                case 1:
                    bytes[at] = static_cast<char>('0' + rng.below(10));
                    break;
                case 2:
                    bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
                    break;
                case 3:
                    bytes.erase(at, 1 + static_cast<std::size_t>(rng.below(4)));
                    break;
                default:
                    bytes.insert(at, 1, static_cast<char>('0' + rng.below(10)));
            }
        }
        SCOPED_TRACE(round);
        if (expect_sound(bytes) != VULTUS_OK) ++refused;
    }
    EXPECT_GT(refused, 200);
    for (std::size_t length = 0; length < whole.size(); length += whole.size() / 40 + 1)
        EXPECT_NE(expect_sound(whole.substr(0, length)), VULTUS_OK) << length;
    EXPECT_EQ(expect_sound(whole), VULTUS_OK);
}

TEST_F(Mutations, RandomCalls) {
    vultus_person* person = nullptr;
    ASSERT_EQ(vultus_person_open(path_.c_str(), nullptr, &person), VULTUS_OK);
    vultus::Rng rng(2);
    for (int round = 0; round < 6; ++round) {
        std::vector<std::uint8_t> bytes(3000);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
        EXPECT_EQ(try_calls(person, bytes.data(), bytes.size()), "") << round;
    }
    vultus_person_close(person);
}

}  // namespace
