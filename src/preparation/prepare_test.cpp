#include "preparation/prepare.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "corpus/corpus.h"
#include "media/audio_reader.h"
#include "media/image.h"
#include "media/resize.h"
#include "media/test_media.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;
using media::test::Scratch;

fs::path sample(const std::string& name) {
    return fs::path(VULTUS_SOURCE_DIR) / "samples" / fmt::format("{}.mkv", name);
}

PrepareOptions options_for(const Scratch& scratch, std::vector<fs::path> inputs) {
    PrepareOptions options;
    options.inputs = std::move(inputs);
    options.out = scratch / "me.corpus";
    options.size_px = 128;
    return options;
}

const corpus::Clip& clip_named(const corpus::Corpus& corpus, const std::string& name) {
    for (const corpus::Clip& clip : corpus.clips) {
        if (clip.name == name) return clip;
    }
    fail(ErrorCode::kInternal, "no clip {}", name);
}

void check_video(const corpus::Corpus& corpus, const corpus::Clip& clip) {
    media::VideoReader source(clip.source), crop(corpus.video_path(clip));
    media::Image a, b;
    int frames = 0;
    double worst = 0;
    while (crop.read(b)) {
        ASSERT_TRUE(source.read(a));
        const media::Image wanted =
            media::crop_and_resize(a, corpus.session_of(clip).crop_px, corpus.size_px);
        double sum = 0;
        for (std::size_t i = 0; i < b.rgb.size(); ++i) sum += std::pow(double(b.rgb[i]) - wanted.rgb[i], 2);
        worst = std::max(worst, sum / b.rgb.size());
        ++frames;
    }
    EXPECT_EQ(frames, clip.num_frames);
    EXPECT_GT(10 * std::log10(255 * 255 / worst), 32);
}

void check_tracks(const corpus::Corpus& corpus, const corpus::Clip& clip) {
    const corpus::ClipTracks tracks = corpus::load_tracks(corpus, clip);
    EXPECT_EQ(tracks.audio.size(), 48000u);
    const corpus::Box& mouth = corpus.session_of(clip).mouth_px;
    for (int t = 0; t < clip.num_frames; ++t) {
        EXPECT_EQ(tracks.valid[t], 1);
        EXPECT_LT(std::abs(tracks.pose_deg[3 * t]), 25);
        const float* chin = &tracks.landmarks_px[136 * t + 2 * 8];
        const float* lip = &tracks.landmarks_px[136 * t + 2 * 62];
        EXPECT_GT(chin[1], lip[1]);
        EXPECT_GT(lip[0], mouth.x);
        EXPECT_LT(lip[0], mouth.x + mouth.width);
    }
}

void write_without_sound(const fs::path& from, const fs::path& to) {
    media::VideoReader reader(from);
    media::VideoWriterOptions options;
    options.width = reader.width();
    options.height = reader.height();
    media::VideoWriter writer(to, options);
    for (media::Image image; reader.read(image);) writer.write_frame(image.rgb.data());
    writer.finish();
}

TEST(Prepare, GoodClipsAreKeptAndEachBadFileHasItsReason) {
    const Scratch scratch;
    write_file(scratch / "text.mkv", "not a recording\n");
    const std::string bytes = read_file(sample("bgwo2n"));
    write_file(scratch / "half.mkv", bytes.substr(0, bytes.size() / 2));
    write_without_sound(sample("bgwo2n"), scratch / "mute.mp4");
    media::test::write_clip(scratch / "noface.mp4",
                            {.num_frames = 20, .width = 360, .height = 288, .audio_seconds = 0.8});
    const PrepareOptions options =
        options_for(scratch, {scratch / "text.mkv", sample("swbo9s"), sample("bgwo2n"), scratch / "half.mkv",
                              sample("lwar6n"), scratch / "mute.mp4", scratch / "noface.mp4"});
    const PrepareReport report = prepare(options);
    EXPECT_EQ(report.num_kept, 3);
    EXPECT_EQ(report.num_left_out, 4);
    EXPECT_EQ(report.num_frames, 225);

    const corpus::Corpus corpus = corpus::load_corpus(options.out);
    ASSERT_EQ(corpus.sessions.size(), 1u);
    EXPECT_EQ(corpus.sessions[0].crop_px.width, 288);
    EXPECT_EQ(corpus.fps_num, 25);
    for (const char* name : {"bgwo2n", "lwar6n", "swbo9s"}) {
        EXPECT_TRUE(clip_named(corpus, name).kept);
        check_video(corpus, clip_named(corpus, name));
        check_tracks(corpus, clip_named(corpus, name));
    }
    EXPECT_NE(clip_named(corpus, "text").reason.find("not a media file"), std::string::npos);
    EXPECT_NE(clip_named(corpus, "half").reason.find("cut short"), std::string::npos);
    EXPECT_NE(clip_named(corpus, "mute").reason.find("no sound"), std::string::npos);
    EXPECT_NE(clip_named(corpus, "noface").reason.find("no frame shows"), std::string::npos);
    EXPECT_GT(media::read_image(options.out / "contact_sheet.png").width, 200);
    EXPECT_NE(read_file(options.out / "report.txt").find("cut short"), std::string::npos);
}

/// A sentence over and over, long enough to tell by itself whether its sound fits.
void write_long(const fs::path& to, std::size_t late_samples) {
    media::VideoReader reader(sample("lwar6n"));
    std::vector<media::Image> frames;
    for (media::Image image; reader.read(image);) frames.push_back(image);
    const std::vector<float> sound = media::read_audio(sample("lwar6n"), 60 * 16000);
    media::VideoWriterOptions options;
    options.width = reader.width();
    options.height = reader.height();
    options.preset = "ultrafast";
    options.with_audio = true;
    media::VideoWriter writer(to, options);
    writer.write_audio(std::vector<float>(late_samples).data(), late_samples);
    for (int round = 0; round < 7; ++round) {
        for (const media::Image& frame : frames) writer.write_frame(frame.rgb.data());
        writer.write_audio(sound.data(), std::min<std::size_t>(sound.size(), frames.size() * 640));
    }
    writer.finish();
}

TEST(Prepare, SoundThatComesLateIsPutWhereTheLipsAre) {
    const Scratch scratch;
    write_long(scratch / "right.mp4", 0);
    write_long(scratch / "late.mp4", 3200);
    PrepareOptions options = options_for(scratch, {scratch / "late.mp4"});
    options.hold_out = 0;  // pauses lie elsewhere in sound that comes late
    const PrepareReport report = prepare(options);
    EXPECT_EQ(report.moved, std::vector<std::string>{"late: sound came 200 ms late"});
    EXPECT_NE(read_file(options.out / "report.txt").find("late: sound came 200 ms late"), std::string::npos);
    const auto sound_of = [](const PrepareOptions& of) {
        const corpus::Corpus corpus = corpus::load_corpus(of.out);
        return corpus::load_tracks(corpus, corpus.clips[0]).audio;
    };
    const std::vector<std::int16_t> moved = sound_of(options);

    PrepareOptions right = options_for(scratch, {scratch / "right.mp4"});
    right.out = scratch / "right.corpus";
    right.hold_out = 0;
    EXPECT_TRUE(prepare(right).moved.empty());
    const std::vector<std::int16_t> wanted = sound_of(right);
    ASSERT_EQ(moved.size(), wanted.size());
    double difference = 0, energy = 0;
    for (std::size_t i = 6 * 640; i + 6 * 640 < wanted.size(); ++i) {
        difference += std::pow(moved[i] - wanted[i], 2);
        energy += std::pow(wanted[i], 2);
    }
    EXPECT_LT(difference, 0.05 * energy) << "but for what AAC loses";

    options.keep_audio_offset = true;
    EXPECT_TRUE(prepare(options).moved.empty());
    EXPECT_NE(sound_of(options), moved) << "what was moved before is encoded again";
}

TEST(Prepare, SecondRunReusesEverythingAndANewSizeEncodesAgain) {
    const Scratch scratch;
    PrepareOptions options = options_for(scratch, {sample("bgwo2n")});
    prepare(options);
    const corpus::Corpus first = corpus::load_corpus(options.out);
    const auto written = fs::last_write_time(first.video_path(first.clips[0]));
    const std::string tracks = read_file(first.tracks_path(first.clips[0]));
    prepare(options);
    EXPECT_EQ(fs::last_write_time(first.video_path(first.clips[0])), written);
    write_file(options.out / "frames-64.u8", "stale");
    write_file(options.out / "motion-256.i16", "stale");
    options.size_px = 96;
    prepare(options);
    EXPECT_NE(fs::last_write_time(first.video_path(first.clips[0])), written);
    EXPECT_FALSE(fs::exists(options.out / "frames-64.u8"));
    EXPECT_FALSE(fs::exists(options.out / "motion-256.i16"));
    options.size_px = 128;
    options.resume = false;
    prepare(options);
    EXPECT_EQ(read_file(first.tracks_path(first.clips[0])), tracks);
}

TEST(Prepare, RecordingsOfOneNameAreKeptUnderTwoAndLeftoversAreCleared) {
    const Scratch scratch;
    fs::create_directories(scratch / "monday");
    fs::create_directories(scratch / "tuesday");
    fs::copy_file(sample("bgwo2n"), scratch / "monday/clip.mkv");
    fs::copy_file(sample("lwar6n"), scratch / "tuesday/clip.mkv");
    const PrepareOptions options =
        options_for(scratch, {scratch / "tuesday/clip.mkv", scratch / "monday/clip.mkv"});
    fs::create_directories(options.out / "clips");
    const fs::path leftover = options.out / "clips" / "clip.partial-999999999.mp4";  // no process has that
    write_file(leftover, "half");
    const PrepareReport report = prepare(options);
    EXPECT_EQ(report.num_kept, 2);
    EXPECT_EQ(report.renamed,
              (std::vector<std::string>{"monday-clip: " + (scratch / "monday/clip.mkv").string(),
                                        "tuesday-clip: " + (scratch / "tuesday/clip.mkv").string()}));
    EXPECT_FALSE(fs::exists(leftover));
    const corpus::Corpus corpus = corpus::load_corpus(options.out);
    check_video(corpus, clip_named(corpus, "monday-clip"));
    check_video(corpus, clip_named(corpus, "tuesday-clip"));
}

TEST(Prepare, InterruptedRunLeavesNoCorpusAndGoesOn) {
    const Scratch scratch;
    const PrepareOptions options = options_for(scratch, {sample("bgwo2n"), sample("lwar6n")});
    set_cancel_requested(true);
    EXPECT_THROW(prepare(options), Error);
    set_cancel_requested(false);
    // Ctrl-C in the middle of the measuring.
    std::thread user([] {
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
        set_cancel_requested(true);
    });
    try {
        prepare(options);
        ADD_FAILURE() << "was not cancelled";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCancelled);
    }
    user.join();
    set_cancel_requested(false);
    EXPECT_FALSE(fs::exists(options.out / "corpus.json"));
    EXPECT_EQ(prepare(options).num_kept, 2);
}

TEST(Prepare, NoFaceAnywhereFailsAndLeavesNothing) {
    const Scratch scratch;
    media::test::write_clip(scratch / "noface.mp4", {.num_frames = 10, .audio_seconds = 0.4});
    const PrepareOptions options = options_for(scratch, {scratch / "noface.mp4"});
    try {
        prepare(options);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
        EXPECT_NE(std::string(error.what()).find("none of the 1 recordings"), std::string::npos);
    }
    EXPECT_FALSE(fs::exists(options.out));
}

TEST(Prepare, RefusesWhatMakesNoSense) {
    const Scratch scratch;
    EXPECT_THROW(prepare(options_for(scratch, {})), Error);
    PrepareOptions odd = options_for(scratch, {sample("bgwo2n")});
    odd.size_px = 127;
    EXPECT_THROW(prepare(odd), Error);
    EXPECT_FALSE(fs::exists(odd.out));
}

TEST(Prepare, OnlyOneWriterAtATime) {
    const Scratch scratch;
    const PrepareOptions options = options_for(scratch, {sample("bgwo2n")});
    fs::create_directories(options.out);
    const WriteLock held(options.out / ".lock");
    EXPECT_THROW(prepare(options), Error);
}

}  // namespace
}  // namespace vultus::preparation
