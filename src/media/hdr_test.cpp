#include "media/hdr.h"

#include <gtest/gtest.h>

#include <array>

namespace vultus::media {
namespace {

std::array<int, 3> mapped(Transfer transfer, double red, double green, double blue) {
    const std::uint16_t in[3] = {static_cast<std::uint16_t>(red * 65535),
                                 static_cast<std::uint16_t>(green * 65535),
                                 static_cast<std::uint16_t>(blue * 65535)};
    std::uint8_t out[3];
    ToneMapper(transfer).map(in, 1, out);
    return {out[0], out[1], out[2]};
}

TEST(ToneMapper, WhiteIsNearlyWhiteAndGreyKeepsItsLight) {
    // BT.2408: diffuse white is 58 % of a PQ signal and 75 % of an HLG one; grey card 38 % in both.
    for (const auto& [transfer, white] : {std::pair(Transfer::kPq, 0.58), std::pair(Transfer::kHlg, 0.75)}) {
        EXPECT_EQ(mapped(transfer, 0, 0, 0), (std::array<int, 3>{0, 0, 0}));
        const auto bright = mapped(transfer, white, white, white);
        EXPECT_GT(bright[0], 228);
        EXPECT_LT(bright[0], 250);
        EXPECT_NEAR(bright[0], bright[2], 1);
        EXPECT_NEAR(mapped(transfer, 0.38, 0.38, 0.38)[1], 103, 15);
        EXPECT_GE(mapped(transfer, 1, 1, 1)[1], 254);
    }
}

TEST(ToneMapper, BrighterStaysBrighter) {
    int before = -1;
    for (double code = 0; code <= 0.9; code += 0.01) {
        const int now = mapped(Transfer::kHlg, code, code, code)[1];
        EXPECT_GE(now, before);
        before = now;
    }
}

TEST(Deinterlace, CombsGoAndPicturesStay) {
    constexpr int kSide = 32;
    std::vector<std::uint8_t> smooth(3 * kSide * kSide), comb;
    for (int i = 0; i < 3 * kSide * kSide; ++i)
        smooth[i] = static_cast<std::uint8_t>(40 + 5 * (i / 3 / kSide));
    std::vector<std::uint8_t> same = smooth;
    deinterlace(same.data(), kSide, kSide);
    EXPECT_EQ(same, smooth);
    comb = smooth;
    for (int y = 1; y < kSide; y += 2)
        for (int x = 10; x < 20; ++x)
            for (int c = 0; c < 3; ++c) comb[3 * (y * kSide + x) + c] = 250;
    deinterlace(comb.data(), kSide, kSide);
    for (int y = 1; y + 1 < kSide; ++y)
        for (int x = 0; x < kSide; ++x)
            EXPECT_NEAR(comb[3 * (y * kSide + x)], smooth[3 * (y * kSide + x)], 1);
}

}  // namespace
}  // namespace vultus::media
