#include "training_loop/run_log.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <sstream>
#include <thread>

#include "base/output_file.h"
#include "corpus/tiny_corpus_testonly.h"
#include "training_loop/image.h"

namespace vultus::training_loop {
namespace {

TEST(LearningRate, WarmsUpStaysAndFalls) {
    EXPECT_NEAR(learning_rate_at(2.0, 0, 0), 2.0 / 200, 1e-12);
    EXPECT_NEAR(learning_rate_at(2.0, 99, 0), 1.0, 1e-12);
    EXPECT_NEAR(learning_rate_at(2.0, 199, 0.1), 2.0, 1e-12);
    EXPECT_NEAR(learning_rate_at(2.0, 5000, 0.5), 2.0, 1e-12);
    EXPECT_NEAR(learning_rate_at(2.0, 5000, 0.75), 2.0 * (0.02 + 0.98 / 2), 1e-9);
    EXPECT_NEAR(learning_rate_at(2.0, 5000, 1.0), 2.0 * 0.02, 1e-9);
    for (double f = 0.5; f < 1; f += 0.05)
        EXPECT_GT(learning_rate_at(1, 5000, f), learning_rate_at(1, 5000, f + 0.05));
}

TEST(StageClock, CountsStepsOrTime) {
    const StageClock steps(1e9, 0, 8);
    EXPECT_EQ(steps.fraction(2), 0.25);
    EXPECT_FALSE(steps.finished(7));
    EXPECT_TRUE(steps.finished(8));
    EXPECT_EQ(steps.fraction(80), 1.0);
    const StageClock time(100, 40, 0);  // 40 s were trained before
    EXPECT_NEAR(time.fraction(12345), 0.4, 0.05);
    EXPECT_NEAR(time.seconds_left(1), 60, 5);
    EXPECT_TRUE(StageClock(100, 100, 0).finished(0));
    const StageClock both(100, 40, 0, 50);  // steps or time, whichever ends first
    EXPECT_NEAR(both.fraction(10), 0.4, 0.05);
    EXPECT_EQ(both.fraction(30), 0.6);
    EXPECT_NEAR(both.seconds_left(30), 40 * 0.4 / 0.6, 5);
    EXPECT_TRUE(both.finished(50));
    EXPECT_EQ(StageClock(100, 99, 8, 4).fraction(2), 0.25) << "exact steps are exact";
}

class RunLogFile : public testing::Test {
  protected:
    std::string csv() { return read_file(scratch_ / "dae-losses.csv"); }
    ScratchFolder scratch_{"run-log-test"};
};

TEST_F(RunLogFile, GoesOnAfterItsCheckpoint) {
    {
        RunLog log(scratch_.path(), "dae", {"loss", "psnr_db"});
        log.row(10, {0.5, 20});
        log.row(20, {0.25, 21});
        log.row(30, {0.125, 22});
    }
    EXPECT_EQ(csv(), "step,loss,psnr_db\n10,0.5,20\n20,0.25,21\n30,0.125,22\n");
    RunLog log(scratch_.path(), "dae", {"loss", "psnr_db"});
    log.row(20, {0.375, 23});  // the checkpoint was older than the last rows
    EXPECT_EQ(csv(), "step,loss,psnr_db\n10,0.5,20\n20,0.375,23\n");
}

TEST_F(RunLogFile, ValuesThatAreNotFiniteDoNotStopARun) {
    RunLog log(scratch_.path(), "dae", {"loss", "psnr_db"});
    log.row(1, {std::nan(""), INFINITY});
    log.row(2, {0.5, 20});
    EXPECT_NE(csv().find("2,0.5,20"), std::string::npos);
}

/// Just enough of a PNG reader: checks every length and sum.
struct PlainPng {
    explicit PlainPng(std::string file) : bytes(std::move(file)) {
        EXPECT_EQ(bytes.substr(0, 8), std::string("\x89PNG\r\n\x1a\n", 8));
        for (std::size_t at = 8; at < bytes.size();) {
            const std::uint32_t length = u32(at);
            const std::string type = bytes.substr(at + 4, 4), data = bytes.substr(at + 8, length);
            EXPECT_EQ(u32(at + 8 + length), crc(type + data)) << type;
            if (type == "IHDR") width = u32(at + 8), height = u32(at + 12);
            if (type == "IDAT") inflate(data);
            last = type;
            at += 12 + length;
        }
    }
    std::uint32_t u32(std::size_t at) const {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
        return value;
    }
    static std::uint32_t crc(const std::string& text) {
        std::uint32_t c = ~0u;
        for (const char byte : text)
            for (int bit = 0; bit < 8; ++bit) {
                const std::uint32_t low = (c ^ (static_cast<unsigned char>(byte) >> bit)) & 1;
                c = c >> 1 ^ (low ? 0xEDB88320u : 0);
            }
        return ~c;
    }
    void inflate(const std::string& data) {
        raw.resize(std::size_t{1} << 20);
        uLongf length = raw.size();
        EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(raw.data()), &length,
                               reinterpret_cast<const Bytef*>(data.data()), data.size()),
                  Z_OK);
        raw.resize(length);
    }
    /// Undoes filter 1 of each row: the difference from the pixel before.
    void unfilter() {
        const std::size_t row_bytes = 3 * width + 1;
        for (std::size_t row = 0; row + row_bytes <= raw.size(); row += row_bytes)
            for (std::size_t k = 3; k < 3 * width; ++k)
                raw[row + 1 + k] = static_cast<char>(raw[row + 1 + k] + raw[row + 1 + k - 3]);
    }

    std::string bytes, raw, last;
    std::uint32_t width = 0, height = 0;
};

TEST_F(RunLogFile, PngHoldsTheImage) {
    for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {400, 131}}) {  // one and several blocks
        Image image(width, height, 9);
        image.set(width - 1, height - 1, 0x123456);
        image.set(width, 0, 0xffffff);  // outside: ignored
        write_png(scratch_ / "p.png", image);
        PlainPng png(read_file(scratch_ / "p.png"));
        EXPECT_EQ(png.last, "IEND");
        EXPECT_EQ(static_cast<int>(png.width), width);
        EXPECT_EQ(static_cast<int>(png.height), height);
        ASSERT_EQ(png.raw.size(), static_cast<std::size_t>(height) * (3 * width + 1));
        png.unfilter();
        for (int y = 0; y < height; ++y) {
            const std::size_t row = static_cast<std::size_t>(y) * (3 * width + 1);
            EXPECT_EQ(png.raw[row], 1) << "filter";
            for (int k = 0; k < 3 * width; ++k)
                ASSERT_EQ(static_cast<std::uint8_t>(png.raw[row + 1 + k]),
                          image.rgb[static_cast<std::size_t>(3 * y * width + k)]);
        }
    }
}

TEST(Image, HalvedIsTheMeanOfFourPixels) {
    Image image(4, 2, 0);
    for (const auto& [x, y, level] : {std::tuple{2, 0, 10}, {3, 0, 20}, {2, 1, 30}, {3, 1, 41}})
        image.set(x, y, static_cast<std::uint32_t>(level << 8));
    const Image half = halved(image);
    ASSERT_EQ(half.width, 2);
    ASSERT_EQ(half.height, 1);
    EXPECT_EQ(half.rgb, (std::vector<std::uint8_t>{0, 0, 0, 0, 25, 0}));
}

TEST(Image, PasteAndLine) {
    Image image(6, 4, 0);
    const std::vector<std::uint8_t> square(2 * 2 * 3, 200);
    image.paste(square.data(), 2, 3, 1);
    int bright = 0;
    for (const std::uint8_t value : image.rgb) bright += value == 200;
    EXPECT_EQ(bright, 12);
    EXPECT_EQ(image.rgb[3 * (1 * 6 + 3)], 200);
    EXPECT_EQ(image.rgb[3 * (2 * 6 + 4) + 2], 200);
    image.line(0, 0, 5, 0, 0xff0000);
    for (int x = 0; x < 6; ++x) EXPECT_EQ(image.rgb[static_cast<std::size_t>(3 * x)], 255);
}

TEST(Plot, FallingCurveFalls) {
    Curve curve{{}, {}, 0x0000ff};
    for (int i = 0; i <= 100; ++i) {
        curve.x.push_back(i);
        curve.y.push_back(std::pow(10, -0.02 * i));
    }
    const Image plot = plot_log({curve});
    const auto row_of_curve = [&](int x) {
        for (int y = 0; y < plot.height; ++y) {
            const std::uint8_t* pixel = &plot.rgb[static_cast<std::size_t>(3 * (y * plot.width + x))];
            if (pixel[0] == 0 && pixel[1] == 0 && pixel[2] == 255) return y;
        }
        return -1;
    };
    ASSERT_GE(row_of_curve(20), 0);
    EXPECT_LT(row_of_curve(20), row_of_curve(plot.width / 2));
    EXPECT_LT(row_of_curve(plot.width / 2), row_of_curve(plot.width - 20));
    EXPECT_EQ(plot_log({}).width, plot.width);
}

}  // namespace
}  // namespace vultus::training_loop
