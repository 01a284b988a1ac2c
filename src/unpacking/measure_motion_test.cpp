#include "unpacking/measure_motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "corpus/frame_cache.h"
#include "corpus/motion_cache.h"

namespace vultus::unpacking {
namespace {

using corpus::MotionCache;

constexpr int kFrames = 6;

/// Two clips of a texture that moves to the right by so many pixels a frame; the second one validates.
struct MovingTexture {
    MovingTexture(const std::filesystem::path& folder, int size_px, double px_a_frame) : size(size_px) {
        std::filesystem::create_directories(folder / "clips");
        corpus.folder = folder;
        corpus.size_px = size_px;
        corpus.sessions = {{"s1", 640, 480, {0, 0, 400, 400}, {100, 150, 60, 40}}};
        std::ofstream pixels(corpus::frame_cache_path(corpus, size_px), std::ios::binary);
        for (int c = 0; c < 2; ++c) {
            corpus::Clip clip;
            clip.name = "clip" + std::to_string(c);
            clip.session = "s1";
            clip.num_frames = kFrames;
            clip.split = c == 0 ? corpus::Split::kTrain : corpus::Split::kValidation;
            corpus.clips.push_back(clip);
            corpus::ClipTracks tracks;
            tracks.audio.assign(16000, 0);
            for (int t = 0; t < kFrames; ++t) {
                tracks.valid.push_back(t != 2);
                for (int k = 0; k < 3; ++k) tracks.pose_deg.push_back(0);
                for (int k = 0; k < 136; ++k)
                    tracks.landmarks_px.push_back(static_cast<float>(k + px_a_frame * t));
                write(pixels, px_a_frame * t);
            }
            save_tracks(corpus, clip, tracks);
        }
        save_corpus(corpus);
    }

    void write(std::ofstream& out, double shift) const {
        for (int y = 0; y < size; ++y)
            for (int x = 0; x < size; ++x) {
                const double u = (x - shift) * 256 / size, v = y * 256.0 / size;
                const double grey = 128 + 40 * std::sin(0.31 * u + 0.05 * v) +
                                    40 * std::sin(0.27 * v - 0.11 * u) + 30 * std::sin(0.083 * (u + v));
                for (int k = 0; k < 3; ++k) out.put(static_cast<char>(std::lround(grey)));
            }
    }

    int size;
    corpus::Corpus corpus;
};

TEST(MeasureMotion, FindsWhereTheReferenceFramesShowTheSame) {
    for (const int size : {256, 512}) {
        const ScratchFolder folder("motion-" + std::to_string(size));
        const double px_a_frame = size == 256 ? 1.5 : 3;
        const MovingTexture texture(folder.path(), size, px_a_frame);
        measure_motion(texture.corpus, size);
        const MotionCache motion(texture.corpus, size);
        EXPECT_EQ(motion.num_frames(), 2 * kFrames);
        for (const std::int64_t reference : motion.references()) {
            EXPECT_LT(reference, kFrames) << "of what is learnt from";
            EXPECT_NE(reference, 2) << "its face was not found";
        }
        EXPECT_NE(motion.references()[0], motion.references()[1]);
        const int grid = MotionCache::kGrid;
        constexpr std::int64_t half = kFrames * MotionCache::kFrameValues;
        EXPECT_TRUE(std::equal(motion.values(), motion.values() + half, motion.values() + half))
            << "the same pictures, whatever was measured before them and on whichever thread";
        for (int frame = 0; frame < 2 * kFrames; ++frame)
            for (int r = 0; r < MotionCache::kReferences; ++r) {
                const double wanted = px_a_frame / size *
                                      static_cast<double>(motion.references()[r] % kFrames - frame % kFrames);
                const std::int16_t* field =
                    motion.values() + frame * MotionCache::kFrameValues + r * 2 * grid * grid;
                double x = 0, y = 0;
                for (int i = grid / 4; i < 3 * grid / 4; ++i)
                    for (int j = grid / 4; j < 3 * grid / 4; ++j) {
                        x += field[i * grid + j] / MotionCache::kUnit * 4 / grid / grid;
                        y += field[(grid + i) * grid + j] / MotionCache::kUnit * 4 / grid / grid;
                    }
                EXPECT_NEAR(x * 256, wanted * 256, 0.3) << frame << " from " << r;
                EXPECT_NEAR(y * 256, 0, 0.3) << frame << " from " << r;
            }
    }
}

TEST(MeasureMotion, MeasuresOnceAndNothingInSmallImages) {
    const ScratchFolder folder("motion-once");
    const MovingTexture texture(folder.path(), 256, 1);
    measure_motion(texture.corpus, 256);
    const auto path = corpus::motion_cache_path(texture.corpus, 256);
    const auto before = std::filesystem::last_write_time(path);
    measure_motion(texture.corpus, 256);
    EXPECT_EQ(std::filesystem::last_write_time(path), before);
    write_file(path, "cut off");
    measure_motion(texture.corpus, 256);
    EXPECT_EQ(MotionCache(texture.corpus, 256).num_frames(), 2 * kFrames)
        << "a damaged file is measured anew";
    measure_motion(texture.corpus, 128);
    EXPECT_FALSE(std::filesystem::exists(corpus::motion_cache_path(texture.corpus, 128)));
}

}  // namespace
}  // namespace vultus::unpacking
