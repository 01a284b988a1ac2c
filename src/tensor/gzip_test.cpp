#include "tensor/gzip.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "tensor/archive.h"

namespace vultus {
namespace {

/// Half noise, half the same again and again.
std::string example(std::size_t size) {
    Rng rng(3);
    std::string bytes(size, 'a');
    for (std::size_t i = 0; i < size; i += 2) bytes[i] = static_cast<char>(rng.next());
    return bytes;
}

TEST(Gzip, GivesBackEveryByte) {
    for (const std::size_t size : {0u, 1u, 100u, (1u << 20) - 1, 1u << 20, 5'000'001u}) {
        const std::string bytes = example(size), packed = gzip(bytes);
        EXPECT_TRUE(is_gzip(packed));
        EXPECT_EQ(gunzip(packed, "test"), bytes) << size;
        EXPECT_EQ(gzip(bytes), packed);
        if (size > 1000) {
            EXPECT_LT(packed.size(), size * 3 / 4);
        }
    }
}

// What the gzip program writes for "Vultus\n" (`printf 'Vultus\n' | gzip -n | xxd -i`).
TEST(Gzip, ReadsWhatTheProgramWrites) {
    const unsigned char bytes[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                   0x03, 0x0b, 0x2b, 0xcd, 0x29, 0x29, 0x2d, 0xe6, 0x02,
                                   0x00, 0x96, 0x5b, 0xe4, 0x88, 0x07, 0x00, 0x00, 0x00};
    EXPECT_EQ(gunzip({reinterpret_cast<const char*>(bytes), sizeof bytes}, "test"), "Vultus\n");
}

TEST(Gzip, RefusesDamageAndTruncation) {
    const std::string packed = gzip(example(3000));
    for (std::size_t size = 0; size < packed.size(); size += 7)
        EXPECT_THROW(gunzip(packed.substr(0, size), "cut"), Error) << size;
    EXPECT_THROW(gunzip(packed + "x", "longer"), Error);
    Rng rng(1);
    int refused = 0;
    for (int round = 0; round < 500; ++round) {
        std::string bad = packed;
        const std::size_t at = 10 + rng.below(bad.size() - 10);  // the header may hold a name or a time
        bad[at] = static_cast<char>(bad[at] ^ (1 << rng.below(8)));
        try {  // the few bits that fill the last byte may be anything: they say nothing
            EXPECT_EQ(gunzip(bad, "bad"), example(3000)) << at;
        } catch (const Error&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 495);
}

TEST(Gzip, RefusesLittleThatBecomesMuch) {
    const std::string bomb = gzip(std::string(std::size_t{50} << 20, '\0'));
    ASSERT_LT(bomb.size(), 100'000u);
    EXPECT_THROW(gunzip(bomb, "bomb"), Error);
    EXPECT_EQ(gunzip(gzip(std::string(900'000, '\0')), "small").size(), 900'000u);
}

TEST(Gzip, ArchivesAreReadEitherWay) {
    Archive archive;
    archive.metadata["who"] = "nobody";
    archive.tensors["a.u8"] = HostTensor::from_u8({3}, {7, 8, 9});
    const std::string plain = serialize_archive(archive);
    EXPECT_EQ(serialize_archive(parse_archive(gzip(plain), "test")), plain);
    EXPECT_THROW(parse_archive(gzip("nothing"), "test"), Error);
}

}  // namespace
}  // namespace vultus
