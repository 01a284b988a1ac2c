#include "corpus/corpus.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/output_file.h"
#include "corpus/frame_cache.h"
#include "corpus/motion_cache.h"
#include "tensor/archive.h"

namespace vultus::corpus {
namespace {

namespace fs = std::filesystem;

Corpus small_corpus(const char* name) {
    Corpus corpus;
    corpus.folder = fs::path(::testing::TempDir()) / name;
    fs::remove_all(corpus.folder);
    fs::create_directories(corpus.folder / "clips");
    corpus.size_px = 16;
    corpus.fps_num = 30000;
    corpus.fps_den = 1001;
    corpus.sessions.push_back({"s0", 360, 288, {10, 20.5, 200, 200}, {4, 9, 8, 5}});
    corpus.clips.push_back({"b", "in/b.mkv", "s0", 3, Split::kValidation, true, ""});
    corpus.clips.push_back({"a", "in/a.mkv", "s0", 2, Split::kTrain, true, ""});
    corpus.clips.push_back({"c", "in/c.mkv", "", 0, Split::kTrain, false, "no face"});
    return corpus;
}

ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::kInternal;
}

ClipTracks tracks_of(int frames) {
    ClipTracks tracks;
    tracks.audio = {1, -2, 32767, -32768};
    tracks.pose_deg.resize(frames * 3, 1.5f);
    tracks.landmarks_px.resize(static_cast<std::size_t>(frames) * kNumLandmarks * 2, 7.25f);
    tracks.valid.assign(frames, 1);
    tracks.valid[0] = 0;
    return tracks;
}

void replace_in(const fs::path& path, const std::string& from, const std::string& to) {
    std::string text = read_file(path);
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    write_file(path, text.replace(at, from.size(), to));
}

TEST(Corpus, ComesBackAsItWasSavedAndSorted) {
    const Corpus saved = small_corpus("vultus_corpus_round");
    save_corpus(saved);
    const Corpus corpus = load_corpus(saved.folder);
    EXPECT_EQ(corpus.size_px, 16);
    EXPECT_DOUBLE_EQ(corpus.fps(), 30000.0 / 1001.0);
    ASSERT_EQ(corpus.clips.size(), 3u);
    EXPECT_EQ(corpus.clips[0].name, "a");
    EXPECT_EQ(corpus.clips[2].reason, "no face");
    ASSERT_EQ(corpus.kept().size(), 2u);
    ASSERT_EQ(corpus.kept(Split::kValidation).size(), 1u);
    EXPECT_EQ(corpus.kept(Split::kValidation)[0]->name, "b");
    EXPECT_DOUBLE_EQ(corpus.session_of(corpus.clips[0]).crop_px.y, 20.5);
    EXPECT_DOUBLE_EQ(corpus.session_of(corpus.clips[0]).mouth_px.width, 8);
}

TEST(Corpus, RefusesWhatIsNoCorpus) {
    const Corpus saved = small_corpus("vultus_corpus_bad");
    const fs::path path = saved.folder / "corpus.json";
    const auto load = [&] { load_corpus(saved.folder); };
    EXPECT_EQ(code_of(load), ErrorCode::kIo);
    write_file(path, "{\"version\": 1");
    EXPECT_EQ(code_of(load), ErrorCode::kCorruptData);
    write_file(path, "{\"version\": 99}");
    EXPECT_EQ(code_of(load), ErrorCode::kUnsupported);
    write_file(path, "{\"version\": 1, \"size_px\": 256}");
    EXPECT_EQ(code_of(load), ErrorCode::kCorruptData);
}

TEST(Corpus, RefusesNamesThatLeadOutOfTheFolderAndUnknownSessions) {
    const Corpus saved = small_corpus("vultus_corpus_hostile");
    const auto load = [&] { load_corpus(saved.folder); };
    save_corpus(saved);
    replace_in(saved.folder / "corpus.json", "\"name\": \"a\"", "\"name\": \"../a\"");
    EXPECT_EQ(code_of(load), ErrorCode::kCorruptData);
    save_corpus(saved);
    replace_in(saved.folder / "corpus.json", "\"name\": \"a\"", "\"name\": \"b\"");
    EXPECT_EQ(code_of(load), ErrorCode::kCorruptData);
    save_corpus(saved);
    replace_in(saved.folder / "corpus.json", "\"session\": \"s0\"", "\"session\": \"s9\"");
    EXPECT_EQ(code_of(load), ErrorCode::kCorruptData);
}

TEST(Corpus, TracksComeBackBitForBit) {
    const Corpus corpus = small_corpus("vultus_corpus_tracks");
    const ClipTracks saved = tracks_of(3);
    save_tracks(corpus, corpus.clips[0], saved);
    const ClipTracks tracks = load_tracks(corpus, corpus.clips[0]);
    EXPECT_EQ(tracks.audio, saved.audio);
    EXPECT_EQ(tracks.sound(), (std::vector<float>{1 / 32768.0f, -2 / 32768.0f, 32767 / 32768.0f, -1.0f}));
    EXPECT_EQ(tracks.pose_deg, saved.pose_deg);
    EXPECT_EQ(tracks.landmarks_px, saved.landmarks_px);
    EXPECT_EQ(tracks.valid, saved.valid);
}

TEST(Corpus, RefusesTracksOfAnotherLength) {
    Corpus corpus = small_corpus("vultus_corpus_lengths");
    save_tracks(corpus, corpus.clips[0], tracks_of(3));
    corpus.clips[0].num_frames = 4;
    EXPECT_EQ(code_of([&] { load_tracks(corpus, corpus.clips[0]); }), ErrorCode::kCorruptData);
    corpus.clips[0].num_frames = 3;
    Archive archive = load_archive(corpus.tracks_path(corpus.clips[0]));
    archive.tensors.erase("valid");
    save_archive(corpus.tracks_path(corpus.clips[0]), archive);
    EXPECT_EQ(code_of([&] { load_tracks(corpus, corpus.clips[0]); }), ErrorCode::kCorruptData);
}

TEST(Corpus, SplitsEveryTenthClipOff) {
    int validation = 0;
    for (std::size_t i = 0; i < 100; ++i) validation += default_split(i) == Split::kValidation;
    EXPECT_EQ(validation, 10);
    EXPECT_EQ(default_split(9), Split::kValidation);
    EXPECT_EQ(default_split(10), Split::kTrain);
}

TEST(Corpus, LipOpeningIsMeasuredInInterOcularDistances) {
    std::vector<float> face(2 * kNumLandmarks, 0.0f);
    for (int i = 36; i < 42; ++i) face[2 * i] = 10;  // eye centres 40 px apart
    for (int i = 42; i < 48; ++i) face[2 * i] = 50;
    for (int i = 65; i < 68; ++i) face[2 * i + 1] = 6;  // lower lip 6 px below the upper
    face[2 * 61] = face[2 * 67] = 1;
    face[2 * 62] = face[2 * 66] = 2;
    face[2 * 63] = face[2 * 65] = 3;
    EXPECT_NEAR(lip_opening(face)[0], 6.0 / 40.0, 1e-6);
    EXPECT_EQ(lip_opening(std::vector<float>(2 * kNumLandmarks, 5.0f))[0], 0.0f);
}

TEST(Corpus, BlinksDoNotChangeTheUnitButAHeadThatComesNearerDoes) {
    const auto eyes_apart = [](float px) {
        std::vector<float> face(2 * kNumLandmarks, 0.0f);
        for (int i = 42; i < 48; ++i) face[2 * i] = px;
        return face;
    };
    std::vector<float> track;
    for (int t = 0; t < 400; ++t) {
        const float size = t < 200 ? 40.0f : 60.0f;
        const bool blink = t % 30 < 6, lost = t == 77;
        const std::vector<float> face = eyes_apart(lost ? 0.0f : blink ? size * 1.05f : size);
        track.insert(track.end(), face.begin(), face.end());
    }
    const std::vector<double> unit_px = steady_inter_ocular_px(track);
    ASSERT_EQ(unit_px.size(), 400u);
    for (int t = 0; t < 400; ++t)
        EXPECT_NEAR(unit_px[t], t == 77 ? 0 : t < 200 ? 40 : 60, t > 170 && t < 230 ? 20.1 : 1e-6) << t;
    EXPECT_THROW(steady_inter_ocular_px({1, 2, 3}), std::exception);
    EXPECT_TRUE(steady_inter_ocular_px({}).empty());
}

TEST(FrameCache, MapsFramesInTheOrderOfTheKeptClips) {
    const Corpus corpus = small_corpus("vultus_frames");
    std::string bytes(5 * 4 * 4 * 3, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i / 48);
    write_file(frame_cache_path(corpus, 4), bytes);
    const FrameCache cache(corpus, 4);
    EXPECT_EQ(cache.num_frames(), 5);
    EXPECT_EQ(cache.first_frame(0), 0);  // clip a, two frames
    EXPECT_EQ(cache.first_frame(1), 2);  // clip b
    EXPECT_EQ(cache.frame(3)[47], 3);
    const FrameCache copy = cache;
    EXPECT_EQ(copy.frame(4), cache.frame(4));
}

TEST(FrameCache, RefusesAMissingOrCutFile) {
    const Corpus corpus = small_corpus("vultus_frames_cut");
    EXPECT_EQ(code_of([&] { FrameCache(corpus, 4); }), ErrorCode::kIo);
    write_file(frame_cache_path(corpus, 4), std::string(5 * 48 - 1, 'x'));
    EXPECT_EQ(code_of([&] { FrameCache(corpus, 4); }), ErrorCode::kCorruptData);
}

TEST(MotionCache, ComesBackAndRefusesWhatDoesNotFit) {
    const Corpus corpus = small_corpus("vultus_corpus_motion");
    const fs::path path = motion_cache_path(corpus, 16);
    MotionCache::Header header;
    header.frames = 5;
    header.references = {1, 4};
    const auto save = [&](std::int64_t frames) {
        std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
        bytes.resize(sizeof header + static_cast<std::size_t>(frames * MotionCache::kFrameValues) * 2, '\1');
        write_file(path, bytes);
    };
    EXPECT_EQ(code_of([&] { MotionCache(corpus, 16); }), ErrorCode::kIo) << "missing";
    save(5);
    const MotionCache cache(corpus, 16);
    EXPECT_EQ(cache.num_frames(), 5);
    EXPECT_EQ(cache.references(), header.references);
    EXPECT_EQ(cache.values()[5 * MotionCache::kFrameValues - 1], 0x0101);
    save(4);
    EXPECT_EQ(code_of([&] { MotionCache(corpus, 16); }), ErrorCode::kCorruptData) << "cut off";
    header.references[1] = 5;
    save(5);
    EXPECT_EQ(code_of([&] { MotionCache(corpus, 16); }), ErrorCode::kCorruptData)
        << "a frame that isn't there";
    header.references[1] = 4;
    header.version = MotionCache::kVersion + 1;
    save(5);
    EXPECT_EQ(code_of([&] { MotionCache(corpus, 16); }), ErrorCode::kCorruptData) << "another version";
}

}  // namespace
}  // namespace vultus::corpus
