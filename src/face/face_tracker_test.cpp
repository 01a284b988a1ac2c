#include "face/face_tracker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "base/output_file.h"
#include "corpus/corpus.h"
#include "face/head_pose.h"
#include "media/audio_reader.h"
#include "media/resize.h"
#include "media/test_media.h"
#include "media/video_reader.h"

namespace vultus::face {
namespace {

std::filesystem::path sample(const char* name) {
    return std::filesystem::path(VULTUS_SOURCE_DIR) / "samples" / (std::string(name) + ".mkv");
}

std::vector<media::Image> frames_of(const char* name) {
    media::VideoReader reader(sample(name));
    std::vector<media::Image> frames;
    for (media::Image image; reader.read(image);) frames.push_back(image);
    return frames;
}

TEST(FaceTracker, FollowsTheSpeakerOfASample) {
    FaceTracker tracker;
    std::vector<FaceObservation> seen;
    for (const media::Image& image : frames_of("bgwo2n")) seen.push_back(tracker.observe(image));
    ASSERT_EQ(seen.size(), 75u);
    int detections = 0;
    for (const FaceObservation& face : seen) {
        ASSERT_TRUE(face.found);
        EXPECT_EQ(face.num_faces, 1);
        EXPECT_GT(face.confidence, 0);
        detections += face.detected;
        // Eyes above mouth, left eye of the image left of the right one.
        EXPECT_LT(face.landmarks_px[2 * 36], face.landmarks_px[2 * 45]);
        EXPECT_LT(face.landmarks_px[2 * 36 + 1] + 20, face.landmarks_px[2 * 57 + 1]);
        const HeadPose pose = estimate_head_pose(face.landmarks_px.data(), 360, 288);
        EXPECT_LT(std::abs(pose.yaw_deg), 20);
        EXPECT_LT(std::abs(pose.pitch_deg), 20);
        EXPECT_LT(std::abs(pose.roll_deg), 10);
    }
    EXPECT_LE(detections, 9);
    // The bridge of the nose hardly moves between frames; jittery squares would shake it.
    double sum = 0;
    for (std::size_t i = 1; i < seen.size(); ++i) {
        sum += std::abs(seen[i].landmarks_px[2 * 27] - seen[i - 1].landmarks_px[2 * 27]);
    }
    EXPECT_LT(sum / 74, 0.5);
}

TEST(FaceTracker, LipsOpenWithTheSound) {
    FaceTracker tracker;
    std::vector<float> landmarks;
    for (const media::Image& image : frames_of("swbo9s")) {
        const FaceObservation face = tracker.observe(image);
        landmarks.insert(landmarks.end(), face.landmarks_px.begin(), face.landmarks_px.end());
    }
    const std::vector<float> opening = corpus::lip_opening(landmarks);
    std::vector<float> sound = media::read_audio(sample("swbo9s"), 1 << 20);
    sound.resize(48000);
    double mean_a = 0, mean_b = 0, ab = 0, aa = 0, bb = 0;
    std::vector<double> energy(75);
    for (int t = 0; t < 75; ++t) {
        double sum = 1e-6;
        for (int i = 0; i < 640; ++i) sum += std::pow(sound[640 * t + i], 2);
        energy[t] = std::log(sum);
        mean_a += energy[t] / 75;
        mean_b += opening[t] / 75;
    }
    for (int t = 0; t < 75; ++t) {
        ab += (energy[t] - mean_a) * (opening[t] - mean_b);
        aa += std::pow(energy[t] - mean_a, 2);
        bb += std::pow(opening[t] - mean_b, 2);
    }
    EXPECT_GT(ab / std::sqrt(aa * bb), 0.4);
}

TEST(FaceTracker, CropsGiveTheSameLandmarks) {
    const std::vector<media::Image> frames = frames_of("lwar6n");
    FaceTracker whole, cropped;
    const corpus::Box crop{9, 0, 288, 288};
    double sum = 0;
    for (std::size_t t = 0; t < 20; ++t) {
        const FaceObservation a = whole.observe(frames[t]);
        const FaceObservation b = cropped.observe(media::crop_and_resize(frames[t], crop, 256));
        ASSERT_TRUE(a.found && b.found);
        for (int i = 0; i < 68; ++i) {
            const double x = (a.landmarks_px[2 * i] + 0.5 - crop.x) * 256 / 288 - 0.5;
            const double y = (a.landmarks_px[2 * i + 1] + 0.5 - crop.y) * 256 / 288 - 0.5;
            sum += std::hypot(x - b.landmarks_px[2 * i], y - b.landmarks_px[2 * i + 1]);
        }
    }
    EXPECT_LT(sum / (20 * 68), 1.0);
}

TEST(FaceTracker, NoFaceIsFoundWhereThereIsNone) {
    FaceTracker tracker;
    for (int i = 0; i < 12; ++i) EXPECT_FALSE(tracker.observe(media::test::picture(320, 240, i)).found);
}

TEST(FaceTracker, LosesAFaceThatLeavesAndFindsItAgain) {
    const std::vector<media::Image> frames = frames_of("bgwo2n");
    FaceTracker tracker;
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(tracker.observe(frames[i]).found);
    const media::Image empty = media::test::picture(frames[0].width, frames[0].height, 0);
    bool lost = false;
    for (int i = 0; i < 15; ++i) lost = !tracker.observe(empty).found;
    EXPECT_TRUE(lost);
    EXPECT_TRUE(tracker.observe(frames[20]).found);
}

TEST(FaceTracker, TwoFacesAreCounted) {
    const std::vector<media::Image> frames = frames_of("bgwo2n");
    const media::Image& one = frames[0];
    media::Image two(2 * one.width, one.height);
    for (int y = 0; y < one.height; ++y) {
        for (int x = 0; x < two.width; ++x) std::copy_n(one.pixel(x % one.width, y), 3, two.pixel(x, y));
    }
    FaceTracker tracker;
    EXPECT_EQ(tracker.observe(two).num_faces, 2);
}

TEST(FaceTracker, AFileThatIsNoNetworkIsTold) {
    const media::test::Scratch scratch;
    std::filesystem::create_directories(scratch / "face");
    write_file(scratch / "face" / "mesh.onnx", "no network");
    setenv("VULTUS_MODELS", (scratch / "").c_str(), 1);
    EXPECT_THROW(FaceTracker{}, Error);
    unsetenv("VULTUS_MODELS");
}

}  // namespace
}  // namespace vultus::face
