#include "preparation/read_ahead.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vultus::preparation {
namespace {

const std::filesystem::path kVideo = std::filesystem::path(VULTUS_SOURCE_DIR) / "samples" / "bgwo2n.mkv";

TEST(ReadAhead, BringsThePicturesOfTheReaderInOrder) {
    media::VideoReader plain(kVideo), ahead(kVideo);
    ReadAhead pictures(ahead);
    media::Image expected, got;
    int count = 0;
    while (plain.read(expected)) {
        ASSERT_TRUE(pictures.read(got));
        ASSERT_EQ(got.rgb, expected.rgb) << count;
        ++count;
    }
    EXPECT_GT(count, 50);
    EXPECT_FALSE(pictures.read(got));
    EXPECT_FALSE(pictures.read(got));
}

TEST(ReadAhead, LeavesWhatItWasNotAskedFor) {
    media::VideoReader plain(kVideo), ahead(kVideo);
    media::Image expected, got;
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(plain.read(expected));
    {
        ReadAhead pictures(ahead, 10);
        for (int i = 0; i < 10; ++i) ASSERT_TRUE(pictures.read(got));
        EXPECT_EQ(got.rgb, expected.rgb);
        EXPECT_FALSE(pictures.read(got));
    }
    ASSERT_TRUE(plain.read(expected));
    ASSERT_TRUE(ahead.read(got));
    EXPECT_EQ(got.rgb, expected.rgb);
}

TEST(ReadAhead, EndsInTheMiddle) {
    media::VideoReader reader(kVideo);
    ReadAhead pictures(reader);
    media::Image image;
    EXPECT_TRUE(pictures.read(image));
}

}  // namespace
}  // namespace vultus::preparation
