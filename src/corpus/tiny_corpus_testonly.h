// For tests: a prepared corpus without a camera. A drawn face opens its mouth with a tone's loudness.
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/scratch_folder.h"
#include "corpus/corpus.h"
#include "corpus/frame_cache.h"

namespace vultus::corpus {

struct TinyCorpus {
    static constexpr int kSizePx = 64;

    /// Writes `clips` clips of `frames` frames to `folder`; the last one validates.
    TinyCorpus(const std::filesystem::path& folder, int clips = 4, int frames = 30) {
        std::filesystem::create_directories(folder / "clips");
        corpus.folder = folder;
        corpus.size_px = kSizePx;
        corpus.sessions = {{"s1", 128, 128, {0, 0, 128, 128}, {22, 40, 20, 14}}};
        std::ofstream pixels(frame_cache_path(corpus, kSizePx), std::ios::binary);
        for (int c = 0; c < clips; ++c) {
            Clip clip;
            clip.name = "clip" + std::to_string(c);
            clip.source = clip.name + ".mkv";
            clip.session = "s1";
            clip.num_frames = frames;
            clip.split = c + 1 == clips ? Split::kValidation : Split::kTrain;
            corpus.clips.push_back(clip);
            save_tracks(corpus, clip, tracks(c, frames));
            for (int t = 0; t < frames; ++t) {
                const std::vector<std::uint8_t> rgb = picture(c, t);
                pixels.write(reinterpret_cast<const char*>(rgb.data()),
                             static_cast<std::streamsize>(rgb.size()));
            }
        }
        save_corpus(corpus);
    }

    /// 0 shut .. 1 wide open.
    static double opening(int clip, double frame) {
        return std::max(0.0, std::sin(0.4 * frame + clip)) * std::min(1.0, frame / 5);
    }

    static ClipTracks tracks(int clip, int frames) {
        ClipTracks tracks;
        for (int n = 0; n < frames * 640; ++n) {
            const double loud = opening(clip, n / 640.0);
            tracks.audio.push_back(
                static_cast<std::int16_t>(8000 * loud * std::sin(0.08 * n) + 20 * std::sin(n * 1.7 * n)));
        }
        for (int t = 0; t < frames; ++t) {
            tracks.valid.push_back(t != 3);
            for (const double angle : {4 * std::sin(0.1 * t + clip), 2 * std::cos(0.13 * t), 0.05 * t})
                tracks.pose_deg.push_back(static_cast<float>(angle));
            const std::vector<float> face = landmarks(opening(clip, t), t % 12 == 8);
            tracks.landmarks_px.insert(tracks.landmarks_px.end(), face.begin(), face.end());
        }
        return tracks;
    }

    /// Jaw and brows on a circle, two eyes (shut or not), a mouth.
    static std::vector<float> landmarks(double open, bool blink) {
        std::vector<float> face(136);
        const auto put = [&](int i, double x, double y) {
            face[static_cast<std::size_t>(2 * i)] = static_cast<float>(x);
            face[static_cast<std::size_t>(2 * i + 1)] = static_cast<float>(y);
        };
        for (int i = 0; i < 36; ++i) put(i, 32 + 24 * std::cos(0.18 * i), 30 + 26 * std::sin(0.18 * i));
        constexpr double kEye[6][2] = {{-4, 0}, {-1.5, -2}, {1.5, -2}, {4, 0}, {1.5, 2}, {-1.5, 2}};
        for (int i = 0; i < 12; ++i)
            put(36 + i, (i < 6 ? 22 : 42) + kEye[i % 6][0], 24 + kEye[i % 6][1] * (blink ? 0.2 : 1));
        for (int i = 0; i < 12; ++i)  // outer lips, from the left corner over the top
            put(48 + i, 32 - 8 * std::cos(i * 0.5236), 47 - (3 + 3 * open) * std::sin(i * 0.5236));
        for (int i = 0; i < 8; ++i)
            put(60 + i, 32 - 6 * std::cos(i * 0.7854), 47 - (0.3 + 3 * open) * std::sin(i * 0.7854));
        return face;
    }

    static std::vector<std::uint8_t> picture(int clip, int t) {
        const double open = opening(clip, t);
        std::vector<std::uint8_t> rgb;
        for (int y = 0; y < kSizePx; ++y)
            for (int x = 0; x < kSizePx; ++x) {
                const double mouth = std::hypot((x - 32) / 8.0, (y - 47) / (1 + 4 * open)) < 1 ? 1 : 0;
                const double shade = 90 + 60 * std::sin(0.06 * (x + y) + 0.05 * t);
                rgb.push_back(static_cast<std::uint8_t>(shade + 40));
                rgb.push_back(static_cast<std::uint8_t>(shade * (1 - 0.8 * mouth)));
                rgb.push_back(static_cast<std::uint8_t>((60 + x) * (1 - 0.7 * mouth)));
            }
        return rgb;
    }

    Corpus corpus;
};

}  // namespace vultus::corpus
