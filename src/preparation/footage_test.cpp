// Recordings as people make them: what is wrong with a part costs that part, and nothing else costs anything.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <random>

#include "media/audio_reader.h"
#include "media/test_media.h"
#include "media/video_reader.h"
#include "media/video_writer.h"
#include "preparation/plan.h"
#include "preparation/segments.h"

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;
using Film = std::vector<media::Image>;

const Film& sample(const std::string& name) {
    static std::map<std::string, Film> films;
    Film& film = films[name];
    if (film.empty()) {
        media::VideoReader reader(fs::path(VULTUS_SOURCE_DIR) / "samples" / (name + ".mkv"));
        for (media::Image image; reader.read(image);) film.push_back(image);
    }
    return film;
}

Film operator+(Film a, const Film& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// change(image, i) of frames first..end-1.
template <typename Change>
Film changed(Film film, int first, int end, const Change& change) {
    for (int i = first; i < end; ++i) change(film[i], i);
    return film;
}

void scale_levels(media::Image& image, double factor) {
    for (std::uint8_t& v : image.rgb) v = static_cast<std::uint8_t>(std::min(255.0, v * factor));
}

void fill(media::Image& image, int x0, int y0, int x1, int y1, int level) {
    for (int y = y0; y < y1; ++y)
        for (int x = x0; x < x1; ++x)
            for (int c = 0; c < 3; ++c) image.pixel(x, y)[c] = static_cast<std::uint8_t>(level);
}

/// The same person in another light before another wall.
Film other_look(Film film) {
    for (media::Image& image : film)
        for (std::size_t i = 0; i < image.rgb.size(); i += 3) std::swap(image.rgb[i], image.rgb[i + 2]);
    return film;
}

class Footage : public testing::Test {
  protected:
    fs::path write(const Film& film, int crf = 20) {
        const fs::path path = scratch_ / "film.mkv";
        media::VideoWriterOptions options;
        options.width = film[0].width;
        options.height = film[0].height;
        options.crf = crf;
        options.preset = "ultrafast";
        options.with_audio = true;
        media::VideoWriter writer(path, options);
        for (const media::Image& image : film) writer.write_frame(image.rgb.data());
        const std::vector<float> sound = media::test::tone(film.size() * 640, 16000, 300);
        writer.write_audio(sound.data(), sound.size());
        writer.finish();
        return path;
    }

    std::vector<Part> parts_of(const Film& film, int crf = 20) {
        static face::FaceTracker tracker;
        clip_ = measure_clip(write(film, crf), 25, 1, tracker, [] {});
        EXPECT_EQ(clip_.problem, "");
        return split_recording(clip_);
    }

    static void expect_part(const Part& part, int first, int end, const std::string& says, int within = 3) {
        EXPECT_NEAR(part.first, first, within);
        EXPECT_NEAR(part.end(), end, within);
        if (says.empty())
            EXPECT_EQ(part.reason, "");
        else
            EXPECT_NE(part.reason.find(says), std::string::npos) << part.reason;
    }

    void expect_whole(const Film& film, int crf = 20) {
        const std::vector<Part> parts = parts_of(film, crf);
        ASSERT_EQ(parts.size(), 1u);
        expect_part(parts[0], 0, static_cast<int>(film.size()), "", 0);
        EXPECT_GE(clip_.num_valid(), static_cast<int>(film.size()) - 2);
    }

    media::test::Scratch scratch_;
    ClipMeasurement clip_;
    const Film a_ = sample("bgwo2n"), b_ = sample("lwar6n");
    const int n_ = static_cast<int>(a_.size());
};

TEST_F(Footage, CleanOnesStayWhole) {
    expect_whole(a_);
    expect_whole(a_, 38);  // low bit rate
}

TEST_F(Footage, NoisePulsesFlashesAndDriftAreNoCuts) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    expect_whole(changed(a_, 0, n_, [&](media::Image& image, int) {
        for (std::uint8_t& v : image.rgb)
            v = static_cast<std::uint8_t>(std::clamp(v + 8.0 * normal(random), 0.0, 255.0));
    }));
    expect_whole(changed(a_, 0, n_, [](media::Image& image, int i) {
        if (i % 12 == 0) scale_levels(image, 1.03);  // key frames
    }));
    expect_whole(changed(a_, 40, 41, [](media::Image& image, int) { scale_levels(image, 1.8); }));
    expect_whole(
        changed(a_, 0, n_, [](media::Image& image, int i) { scale_levels(image, 1.0 - 0.002 * i); }));
}

TEST_F(Footage, AnotherLookIsAnotherPartAndSession) {
    const std::vector<Part> parts = parts_of(a_ + other_look(b_));
    ASSERT_EQ(parts.size(), 2u);
    expect_part(parts[0], 0, n_, "", 1);
    expect_part(parts[1], n_, 2 * n_, "", 1);
    std::vector<ClipMeasurement> recordings = {clip_};
    recordings[0].audio.assign(2 * n_ * 640, 100);
    EXPECT_EQ(make_plan(recordings, 0.9, 0.1).num_sessions, 2);
}

TEST_F(Footage, JumpCutsAreCutsAndTheirPartsOneSession) {
    Film moved = b_;
    for (media::Image& image : moved)
        for (int y = 0; y < image.height; ++y)
            std::copy_backward(image.pixel(0, y), image.pixel(image.width - 16, y),
                               image.pixel(0, y) + 3 * image.width);
    const std::vector<Part> parts = parts_of(a_ + moved);
    ASSERT_EQ(parts.size(), 2u);
    expect_part(parts[0], 0, n_, "", 2);
    std::vector<ClipMeasurement> recordings = {clip_};
    EXPECT_EQ(make_plan(recordings, 0.9, 0.1).num_sessions, 1);
}

TEST_F(Footage, FadesAndTitleCardsAreLeftOut) {
    const auto fade = [&](media::Image& image, int i) { scale_levels(image, std::abs(i - n_) / 20.0); };
    std::vector<Part> parts = parts_of(changed(a_ + b_, n_ - 20, n_ + 20, fade));
    ASSERT_EQ(parts.size(), 3u);
    EXPECT_NEAR(parts[1].first, n_ - 12, 8);
    EXPECT_NEAR(parts[1].end(), n_ + 12, 8);
    EXPECT_NE(parts[1].reason, "");
    Film card(50, media::Image(a_[0].width, a_[0].height));
    for (media::Image& image : card) fill(image, 60, 120, 300, 160, 230);
    parts = parts_of(a_ + card + b_);
    ASSERT_EQ(parts.size(), 3u);
    expect_part(parts[1], n_, n_ + 50, "no clear face", 5);
}

TEST_F(Footage, AStillPhotographIsNoVideo) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    const Film still(75, a_[10]);
    std::vector<Part> parts = parts_of(still);
    ASSERT_EQ(parts.size(), 1u);
    expect_part(parts[0], 0, 75, "still picture", 0);
    parts = parts_of(changed(still, 0, 75, [&](media::Image& image, int) {
        for (std::uint8_t& v : image.rgb)
            v = static_cast<std::uint8_t>(std::clamp(v + 6.0 * normal(random), 0.0, 255.0));
    }));
    ASSERT_EQ(parts.size(), 1u);
    expect_part(parts[0], 0, 75, "still picture", 0);
}

TEST_F(Footage, AHandBeforeTheMouthIsLeftOut) {
    const auto cover = [&](media::Image& image, int) {
        const float* p = clip_.landmarks(60);
        fill(image, static_cast<int>(p[2 * 4]), static_cast<int>(p[2 * 30 + 1]), static_cast<int>(p[2 * 12]),
             static_cast<int>(p[2 * 8 + 1]), 120);
    };
    parts_of(a_ + b_);  // where the mouth is
    const std::vector<Part> parts = parts_of(changed(a_ + b_, 55, 85, cover));
    ASSERT_GE(parts.size(), 3u);
    expect_part(parts[0], 0, 55, "", 6);
    EXPECT_NE(parts[1].reason, "");
    expect_part(parts.back(), 85, 2 * n_, "", 10);
}

TEST_F(Footage, ASecondFaceIsLeftOutUnlessOneIsWanted) {
    parts_of(a_ + b_);
    const float* p = clip_.landmarks(60);
    const int left = static_cast<int>(p[0]) - 20, top = static_cast<int>(p[2 * 19 + 1]) - 40;
    const int right = static_cast<int>(p[2 * 16]) + 20, bottom = static_cast<int>(p[2 * 8 + 1]) + 10;
    const auto visitor = [&](media::Image& image, int) {
        // The same face at three quarters of its size in the corner.
        for (int y = 0; y < (bottom - top) * 3 / 4; ++y)
            for (int x = 0; x < (right - left) * 3 / 4; ++x)
                std::copy_n(image.pixel(std::min(left + x * 4 / 3, image.width - 1),
                                        std::clamp(top + y * 4 / 3, 0, image.height - 1)),
                            3, image.pixel(x, y));
    };
    const Film film = changed(a_ + b_, 50, 100, visitor);
    const std::vector<Part> parts = parts_of(film);
    ASSERT_EQ(parts.size(), 3u);
    expect_part(parts[1], 50, 100, "second face", 11);
    face::FaceTracker right_one({.wanted = {face::FaceWanted::Rule::kRight}});
    ClipMeasurement clip = measure_clip(scratch_ / "film.mkv", 25, 1, right_one, [] {});
    int kept = 0;  // the visitor is so large here that the picture counts as another one while it is there
    std::string reasons;
    for (const Part& part : split_recording(clip)) {
        kept += part.reason.empty() ? part.count : 0;
        reasons += part.reason;
    }
    EXPECT_GE(kept, 2 * n_ - 56) << reasons;
    EXPECT_EQ(reasons.find("second face"), std::string::npos) << reasons;
}

TEST_F(Footage, NothingShorterThanASecondAndAHalf) {
    Film film;
    for (int k = 0; k < 4; ++k)
        film = film +
               (k % 2 ? other_look(Film(b_.begin(), b_.begin() + 25)) : Film(a_.begin(), a_.begin() + 25));
    for (const Part& part : parts_of(film)) EXPECT_NE(part.reason, "");
}

}  // namespace
}  // namespace vultus::preparation
