#include "preparation/crop_choice.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "preparation/clip_choice.h"
#include "preparation/contact_sheet.h"

namespace vultus::preparation {
namespace {

/// 68 points on an ellipse-like grid around (x, y) whose extent is exactly `width` across.
std::vector<float> face_at(double x, double y, double width) {
    std::vector<float> points(136);
    for (int k = 0; k < 68; ++k) {
        points[2 * k] = static_cast<float>(x + width * (k % 17 - 8) / 16);
        points[2 * k + 1] = static_cast<float>(y + width * (k / 17 - 1.5) / 3);
    }
    return points;
}

TEST(CropChoice, HeadAndShouldersFitAndTheFaceIsInTheMiddle) {
    const corpus::Box crop = choose_crop({960, 500, 200}, 1920, 1080);
    EXPECT_EQ(crop.width, 600);
    EXPECT_EQ(crop.height, 600);
    EXPECT_EQ(crop.x, 660);
    EXPECT_EQ(crop.y, 200);
}

TEST(CropChoice, NeverLeavesThePicture) {
    for (double x : {0.0, 50.0, 340.0}) {
        for (double y : {10.0, 150.0, 280.0}) {
            for (double width : {30.0, 102.0, 400.0}) {
                const corpus::Box crop = choose_crop({x, y, width}, 361, 289);
                EXPECT_GE(crop.x, 0);
                EXPECT_GE(crop.y, 0);
                EXPECT_LE(crop.x + crop.width, 361);
                EXPECT_LE(crop.y + crop.height, 289);
                EXPECT_EQ(static_cast<int>(crop.width) % 2, 0);
                EXPECT_EQ(crop.x, std::floor(crop.x));
            }
        }
    }
    const corpus::Box large = choose_crop({153, 190, 102}, 360, 288);
    EXPECT_EQ(large.width, 288);
    EXPECT_EQ(large.x, 9);
}

TEST(CropChoice, ExtentAndMedians) {
    const std::vector<float> points = face_at(100, 80, 64);
    const FaceExtent face = face_extent(points.data());
    EXPECT_NEAR(face.centre_x, 100, 1e-4);
    EXPECT_NEAR(face.centre_y, 80, 1e-4);
    EXPECT_NEAR(face.width, 64, 1e-4);
    EXPECT_EQ(median_extent({{1, 9, 5}, {2, 7, 500}, {900, 8, 6}}).centre_x, 2);
}

TEST(CropChoice, MouthBoxHoldsTheMouthButNotOneWildFrame) {
    std::vector<std::vector<float>> frames;
    for (int i = 0; i < 300; ++i) frames.push_back(face_at(128 + i % 5, 128, 100));
    frames.push_back(face_at(20, 20, 100));
    std::vector<const float*> views;
    for (const auto& frame : frames) views.push_back(frame.data());
    const corpus::Box box = mouth_box(views, 256);
    for (int k = 48; k < 68; ++k) {
        EXPECT_GE(frames[0][2 * k], box.x);
        EXPECT_LE(frames[4][2 * k], box.x + box.width);
        EXPECT_GE(frames[0][2 * k + 1], box.y);
        EXPECT_LE(frames[0][2 * k + 1], box.y + box.height);
    }
    EXPECT_GT(box.x, 60);
    EXPECT_TRUE(inside_crop(frames[0].data(), 256));
    EXPECT_FALSE(inside_crop(frames.back().data(), 256));
}

/// A usable clip of 75 frames with this background.
ClipMeasurement clip_of(const std::string& name, int red, int green, int blue, double face_x = 160,
                        double face_width = 100) {
    ClipMeasurement clip;
    clip.name = name;
    clip.width = 320;
    clip.height = 240;
    clip.fps_num = 25;
    clip.valid.assign(75, 1);
    clip.num_faces.assign(75, 1);
    for (int i = 0; i < 75 * kCellBytes / 3; ++i)
        for (const int level : {red, green, blue}) clip.cells.push_back(static_cast<std::uint8_t>(level));
    clip.faces.assign(75 * kFaceBytes, 100);
    const std::vector<float> points = face_at(face_x, 120, face_width);
    for (int t = 0; t < 75; ++t)
        clip.landmarks_px.insert(clip.landmarks_px.end(), points.begin(), points.end());
    return clip;
}

TEST(ClipChoice, OddLooksAndFaultsAreLeftOutWithAReason) {
    std::vector<ClipMeasurement> clips;
    for (int i = 0; i < 20; ++i)
        clips.push_back(clip_of(fmt::format("n{}", i), 40 + i % 4, 130 + i % 3, 200));
    clips.push_back(clip_of("colour", 90, 120, 110));
    clips.push_back(clip_of("place", 41, 131, 200, 260));
    clips.push_back(clip_of("size", 41, 131, 200, 160, 160));
    clips.push_back(clip_of("faceless", 41, 131, 200));
    std::fill(clips.back().valid.begin(), clips.back().valid.begin() + 12, 0);
    clips.push_back(clip_of("broken", 41, 131, 200));
    clips.back().problem = "cut short";
    const ClipChoice choice = choose_clips(clips, 0.9);
    ASSERT_EQ(choice.sessions.size(), 1u);
    EXPECT_EQ(choice.sessions[0].size(), 20u);
    const char* words[] = {"looks unlike", "face widths away", "times the size", "84 %", "cut short"};
    for (int i = 0; i < 20; ++i) EXPECT_EQ(choice.clips[i].session, 0) << choice.clips[i].reason;
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(choice.clips[20 + i].session, -1);
        EXPECT_NE(choice.clips[20 + i].reason.find(words[i]), std::string::npos)
            << choice.clips[20 + i].reason;
    }
}

TEST(ClipChoice, TwoSessionsAndTwoSizesAreBothKept) {
    std::vector<ClipMeasurement> clips;
    for (int i = 0; i < 6; ++i) clips.push_back(clip_of(fmt::format("a{}", i), 40, 130, 200));
    for (int i = 0; i < 4; ++i) clips.push_back(clip_of(fmt::format("b{}", i), 150, 110, 60));
    for (int i = 0; i < 4; ++i) {
        clips.push_back(clip_of(fmt::format("c{}", i), 150, 110, 60));
        clips.back().width = 640;
        clips.back().height = 480;
    }
    const ClipChoice choice = choose_clips(clips, 0.9);
    EXPECT_EQ(choice.sessions.size(), 3u);
    for (const ClipVerdict& verdict : choice.clips) EXPECT_GE(verdict.session, 0) << verdict.reason;
}

TEST(ClipChoice, TwoLooksOfOneRecordingEachAreTwoSessions) {
    const ClipChoice choice = choose_clips({clip_of("a", 40, 130, 200), clip_of("b", 150, 110, 60)}, 0.9);
    EXPECT_EQ(choice.sessions.size(), 2u);
}

TEST(ClipChoice, TheMostFrequentOfManyLooksIsNeverLeftOut) {
    std::vector<ClipMeasurement> clips;
    for (int i = 0; i < 8; ++i) clips.push_back(clip_of(fmt::format("c{}", i), 30 * i, 130, 255 - 30 * i));
    clips.push_back(clip_of("again", 60, 130, 195));
    const ClipChoice choice = choose_clips(clips, 0.9);
    ASSERT_EQ(choice.sessions.size(), 1u);
    EXPECT_EQ(choice.sessions[0], (std::vector<int>{2, 8}));
}

TEST(ClipChoice, NothingUsableGivesNoSession) {
    std::vector<ClipMeasurement> clips = {clip_of("a", 1, 2, 3)};
    clips[0].problem = "no sound in it";
    EXPECT_TRUE(choose_clips(clips, 0.9).sessions.empty());
    EXPECT_TRUE(choose_clips({}, 0.9).sessions.empty());
}

TEST(ContactSheet, LeftOutClipsHaveARedFrame) {
    media::Image grey(160, 120);
    std::fill(grey.rgb.begin(), grey.rgb.end(), 128);
    const media::Image sheet =
        draw_contact_sheet({{&grey, "kept", ""}, {&grey, "out", "damaged"}, {nullptr, "none", "x"}});
    int red = 0;
    for (std::size_t i = 0; i < sheet.rgb.size(); i += 3) red += sheet.rgb[i] > 200 && sheet.rgb[i + 1] < 60;
    EXPECT_GT(red, 1000);
    EXPECT_GE(sheet.width, 2 * 192);
    EXPECT_LT(draw_contact_sheet(std::vector<SheetTile>(kMaxSheetTiles, {&grey, "kept", ""})).width, 2000);
    const media::Image clean = draw_contact_sheet({{&grey, "kept", ""}});
    for (std::size_t i = 0; i < clean.rgb.size(); i += 3)
        EXPECT_FALSE(clean.rgb[i] > 200 && clean.rgb[i + 1] < 60);
    EXPECT_THROW(draw_contact_sheet({}), std::exception);
}

}  // namespace
}  // namespace vultus::preparation
