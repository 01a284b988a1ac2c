#include "tensor/archive.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace vultus {
namespace {

Archive example() {
    Archive archive;
    archive.metadata["who"] = "nobody";
    archive.tensors["b.weight"] = HostTensor::from_f32({2, 3}, std::vector<float>{1, 2, 3, -4, 5, 0.5f});
    archive.tensors["a.u8"] = HostTensor::from_u8({3}, {7, 8, 9});
    return archive;
}

TEST(Archive, RoundTrip) {
    const std::string bytes = serialize_archive(example());
    const Archive back = parse_archive(bytes, "test");
    EXPECT_EQ(back.metadata.at("who"), "nobody");
    EXPECT_EQ(back.at("b.weight").to_f32(), example().at("b.weight").to_f32());
    EXPECT_EQ(serialize_archive(back), bytes);
}

TEST(Archive, EveryTruncationIsRefused) {
    const std::string bytes = serialize_archive(example());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_THROW(parse_archive(std::string_view(bytes).substr(0, size), "cut"), Error) << size;
}

TEST(Archive, RandomDamageNeverCrashes) {
    const std::string good = serialize_archive(example());
    Rng rng(1);
    for (int round = 0; round < 3000; ++round) {
        std::string bad = good;
        for (int flips = 0; flips < 3; ++flips) bad[rng.below(bad.size())] = static_cast<char>(rng.next());
        try {
            parse_archive(bad, "bad");
        } catch (const Error&) {
        }
    }
}

TEST(Archive, HostileSizesAreRefused) {
    for (const char* header :
         {R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})",
          R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
          R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})",
          R"({"x":{"dtype":"Q7","shape":[1],"data_offsets":[0,4]}})", R"([1,2])", R"({"x":3})"}) {
        const std::uint64_t size = std::string_view(header).size();
        std::string bytes(reinterpret_cast<const char*>(&size), 8);
        bytes += header;
        bytes += "abcd";
        EXPECT_THROW(parse_archive(bytes, "hostile"), Error) << header;
    }
}

TEST(HostTensor, Bf16RoundsToNearestEven) {
    EXPECT_EQ(bf16_to_f32(f32_to_bf16(1.0f)), 1.0f);
    EXPECT_EQ(f32_to_bf16(1.00390625f), 0x3F80);  // half way: to even
    EXPECT_EQ(f32_to_bf16(1.01171875f), 0x3F82);
    EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(NAN))));
}

TEST(HostTensor, F16Values) {
    EXPECT_EQ(f16_to_f32(0x3C00), 1.0f);
    EXPECT_EQ(f16_to_f32(0xC000), -2.0f);
    EXPECT_FLOAT_EQ(f16_to_f32(0x0001), 5.9604645e-8f);
    EXPECT_TRUE(std::isinf(f16_to_f32(0x7C00)));
}

}  // namespace
}  // namespace vultus
