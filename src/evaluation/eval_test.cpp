#include "evaluation/eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/rng.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace vultus::evaluation {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kSize = 64, kFrames = 30, kClips = 6;
// A stand-in for a face: the grey of two fields tells opening and width of the mouth.
constexpr int kOpeningField = 30, kWidthField = 46, kFieldSide = 10;

media::Image drawn(int opening_grey, int width_grey) {
    media::Image image(kSize, kSize);
    for (int y = 0; y < kSize; ++y)
        for (int x = 0; x < kSize; ++x) {
            int grey = 90 + (x / 8 + y / 8) % 2 * 40 + opening_grey / 8;  // the wall flickers a little
            if (y >= kOpeningField && y < kOpeningField + kFieldSide) grey = opening_grey;
            if (y >= kWidthField && y < kWidthField + kFieldSide) grey = width_grey;
            std::fill_n(image.pixel(x, y), 3, static_cast<std::uint8_t>(grey));
        }
    return image;
}

// Reads the fields back, at whatever size the image has.
class FieldLandmarks : public LandmarkSource {
  public:
    bool observe(const media::Image& image, float* face) override {
        const auto grey = [&](int y) {
            return image.pixel(image.width / 2, (y + 5) * image.height / kSize)[1];
        };
        const float opening = grey(kOpeningField) * 0.05f, width = 20 + grey(kWidthField) * 0.05f;
        const auto put = [&](int i, float x, float y) { face[2 * i] = x, face[2 * i + 1] = y; };
        for (int i = 0; i < 68; ++i) put(i, 30.0f + i % 9, 30.0f + i % 7);
        for (int i = 36; i < 42; ++i) put(i, 20 + i % 3, 40 + i % 2);
        for (int i = 42; i < 48; ++i) put(i, 60 + i % 3, 40 + i % 2);
        put(48, 42 - width / 2, 80);
        put(54, 42 + width / 2, 80);
        for (const int i : {61, 62, 63}) put(i, 42, 80 - opening / 2);
        for (const int i : {65, 66, 67}) put(i, 42, 80 + opening / 2);
        confidence_ = *image.pixel(0, 0) < 255 ? 1 : 0;
        return true;
    }
    double confidence() const override { return confidence_; }

  private:
    double confidence_ = 0;
};

LandmarkFactory fields() {
    return [] { return std::make_unique<FieldLandmarks>(); };
}

int grey_of(int clip, int frame, int field) {
    Rng rng(1000 * clip + 10 * (frame / 3) + field);  // holds for three frames, so that no codec can lose it
    return 60 + static_cast<int>(rng.below(140));
}

// The first sample of a clip's sound is its number, so that a stand-in knows what to say.
corpus::Corpus make_corpus(const char* name) {
    corpus::Corpus corpus;
    corpus.folder = fs::path(::testing::TempDir()) / name;
    fs::remove_all(corpus.folder);
    fs::create_directories(corpus.folder / "clips");
    corpus.size_px = kSize;
    corpus.sessions.push_back({"s0", kSize, kSize, {0, 0, kSize, kSize}, {20, 26, 24, 34}});
    for (int c = 0; c < kClips; ++c) {
        corpus::Clip clip{"clip" + std::to_string(c), "",   "s0", kFrames,
                          corpus::Split::kValidation, true, ""};
        media::VideoWriterOptions options;
        options.width = options.height = kSize;
        options.crf = 5;
        media::VideoWriter writer(corpus.video_path(clip), options);
        for (int i = 0; i < kFrames; ++i)
            writer.write_frame(drawn(grey_of(c, i, 0), grey_of(c, i, 1)).rgb.data());
        writer.finish();
        corpus::ClipTracks tracks;
        tracks.audio.assign(kFrames * 640, 0);
        for (std::size_t n = 4000; n < 12000; ++n) tracks.audio[n] = n % 20 < 10 ? 8000 : -8000;
        tracks.audio[0] = static_cast<std::int16_t>(c);
        tracks.pose_deg.assign(kFrames * 3, static_cast<float>(c));
        tracks.landmarks_px.assign(kFrames * 136, 1.0f);
        tracks.valid.assign(kFrames, 1);
        corpus::save_tracks(corpus, clip, tracks);
        corpus.clips.push_back(clip);
    }
    corpus::save_corpus(corpus);
    return corpus;
}

// Plays back the recordings: of the right clip, `shift` frames late, or of another clip.
class Playback : public EvalSubject {
  public:
    Playback(const corpus::Corpus& corpus, int late, int clip_offset)
        : late_(late), clip_offset_(clip_offset) {
        for (const corpus::Clip& clip : corpus.clips) {
            media::VideoReader reader(corpus.video_path(clip));
            media::Image image;
            while (reader.read(image)) frames_.push_back(image);
        }
    }
    int size_px() const override { return kSize; }
    int latent_dim() const override { return 1; }
    bool can_speak() const override { return true; }
    std::vector<float> encode(const std::uint8_t* rgb) override {
        for (std::size_t i = 0; i < frames_.size(); ++i)
            if (std::equal(frames_[i].rgb.begin(), frames_[i].rgb.end(), rgb)) return {static_cast<float>(i)};
        ADD_FAILURE() << "encode got a picture that is in no recording";
        return {0};
    }
    void decode(const float* z, std::uint8_t* rgb) override {
        const auto& image = frames_[static_cast<std::size_t>(*z)];
        std::copy(image.rgb.begin(), image.rgb.end(), rgb);
    }
    std::vector<float> latents_from_speech(const std::vector<float>& audio, std::int64_t num_frames,
                                           const std::vector<float>& pose_deg) override {
        poses_deg.push_back(pose_deg);
        const int clip = (static_cast<int>(std::lround(audio[0] * 32768)) + clip_offset_) % kClips;
        std::vector<float> latents;
        for (std::int64_t i = 0; i < num_frames; ++i)
            latents.push_back(
                seen(static_cast<std::size_t>(clip * kFrames + std::max<std::int64_t>(i - late_, 0))));
        return latents;
    }

    std::vector<std::vector<float>> poses_deg;  ///< that were asked for

  private:
    /// The latent of a frame, which is that of the first frame alike.
    float seen(std::size_t frame) { return encode(frames_[frame].rgb.data())[0]; }

    int late_, clip_offset_;
    std::vector<media::Image> frames_;
};

Json evaluated(Playback& subject, const corpus::Corpus& corpus, EvalOptions options) {
    Progress::set_quiet(true);
    evaluate(subject, fields(), corpus, options);
    return Json::parse(read_file(options.report / "metrics.json"));
}

EvalOptions options_for(const corpus::Corpus& corpus) {
    EvalOptions options;
    options.report = corpus.folder / "report";
    options.title = "a <test>";
    return options;
}

TEST(Eval, TheRecordingItselfIsPerfect) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_same");
    Playback subject(corpus, 0, 0);
    const EvalOptions options = options_for(corpus);
    const Json metrics = evaluated(subject, corpus, options);
    for (const char* kind : {"reconstruction", "speech_driven"}) {
        const Json& side = metrics.at(kind);
        EXPECT_EQ(side.at("psnr_db"), 99.0) << kind;
        EXPECT_NEAR(side.at("ssim").get<double>(), 1, 1e-5);
        EXPECT_NEAR(side.at("opening").at("r").get<double>(), 1, 1e-9);
        EXPECT_EQ(side.at("opening").at("lag_frames"), 0.0);
        EXPECT_NEAR(side.at("opening").at("spread_ratio").get<double>(), 1, 1e-9);
        EXPECT_LT(side.at("opening").at("r_other_sentences").get<double>(), 0.5);
        EXPECT_NEAR(side.at("mouth_distance").get<double>(), 0, 1e-9);
        EXPECT_GT(side.at("mouth_distance_other_sentences").get<double>(), 0.001);
        EXPECT_EQ(side.at("right_sentence_first"), 1.0);
        EXPECT_EQ(side.at("right_sentence_candidates"), kClips);
        EXPECT_NEAR(side.at("mouth_sharpness").at("ratio").get<double>(), 1, 1e-9);
        EXPECT_NEAR(side.at("silent_mouth_motion").at("ratio").get<double>(), 1, 1e-9);
        EXPECT_GT(side.at("flicker").at("recorded").get<double>(), 0.5);
        EXPECT_NEAR(side.at("flicker").at("ratio").get<double>(), 1, 1e-9);
        EXPECT_EQ(side.at("clips").size(), static_cast<std::size_t>(kClips));
        for (const auto& [axis, times] : side.at("head_autocorrelation").items())
            for (const Json& time : times) EXPECT_EQ(time.at("generated"), time.at("recorded")) << axis;
    }
    EXPECT_EQ(metrics.at("off_manifold_share"), 0.0);
}

/// Whose drawings from speech are in part nobody's face: white.
class OffManifold : public Playback {
  public:
    using Playback::Playback;
    void decode(const float* z, std::uint8_t* rgb) override {
        if (std::floor(*z) == *z) return Playback::decode(z, rgb);
        std::fill_n(rgb, std::size_t{3} * kSize * kSize, std::uint8_t{255});
    }
    std::vector<float> latents_from_speech(const std::vector<float>& audio, std::int64_t num_frames,
                                           const std::vector<float>& pose_deg) override {
        std::vector<float> latents = Playback::latents_from_speech(audio, num_frames, pose_deg);
        for (std::size_t i = 0; i < latents.size() / 4; ++i) latents[i] += 0.5f;
        return latents;
    }
};

TEST(Eval, FramesThatTheDecoderDoesNotKnowAreCounted) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_off");
    OffManifold subject(corpus, 0, 0);
    const double share =
        evaluated(subject, corpus, options_for(corpus)).at("off_manifold_share").get<double>();
    EXPECT_NEAR(share, 0.25, 0.02);
}

TEST(Eval, WritesAReportThatCanBeReplaced) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_report");
    Playback subject(corpus, 0, 0);
    EvalOptions options = options_for(corpus);
    options.max_clips = 2;
    for (int round = 0; round < 2; ++round) {
        const Json metrics = evaluated(subject, corpus, options);
        EXPECT_EQ(metrics.at("num_clips"), 2);
        EXPECT_EQ(metrics.at("reconstruction").at("right_sentence_candidates"), kClips);
    }
    const std::string page = read_file(options.report / "index.html");
    EXPECT_NE(page.find("a &lt;test&gt;"), std::string::npos);
    EXPECT_NE(page.find("openings/clip3.png"), std::string::npos);
    EXPECT_TRUE(fs::exists(options.report / "openings" / "clip3.png"));
    EXPECT_TRUE(fs::exists(options.report / "strips" / "clip0.png"));
    media::VideoReader video(options.report / "side_by_side.mp4");
    EXPECT_EQ(video.width(), 3 * kSize);
    media::Image image;
    int frames = 0;
    while (video.read(image)) ++frames;
    EXPECT_EQ(frames, 2 * kFrames);
}

TEST(Eval, SeesThatTheMouthComesLate) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_late");
    Playback subject(corpus, 3, 0);
    const Json metrics = evaluated(subject, corpus, options_for(corpus));
    EXPECT_EQ(metrics.at("speech_driven").at("opening").at("lag_frames"), 3.0);
    EXPECT_GT(metrics.at("speech_driven").at("opening").at("r_at_best_lag").get<double>(), 0.99);
    EXPECT_LT(metrics.at("speech_driven").at("opening").at("r").get<double>(), 0.6);
    EXPECT_EQ(metrics.at("reconstruction").at("opening").at("lag_frames"), 0.0);
}

TEST(Eval, SeesTheWrongSentence) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_wrong");
    Playback subject(corpus, 0, 1);
    const Json metrics = evaluated(subject, corpus, options_for(corpus));
    EXPECT_EQ(metrics.at("speech_driven").at("right_sentence_first"), 0.0);
    EXPECT_LT(metrics.at("speech_driven").at("opening").at("margin").get<double>(), 0.3);
    EXPECT_LT(metrics.at("speech_driven").at("mouth_psnr_db").get<double>(), 30.0);
    EXPECT_EQ(metrics.at("reconstruction").at("right_sentence_first"), 1.0);
}

TEST(Eval, GivesTheRecordedPoseOnlyWhenAsked) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_pose");
    EvalOptions options = options_for(corpus);
    options.video = false;
    for (const bool recorded : {false, true}) {
        Playback subject(corpus, 0, 0);
        options.recorded_pose = recorded;
        EXPECT_EQ(evaluated(subject, corpus, options).at("recorded_pose"), recorded);
        ASSERT_EQ(subject.poses_deg.size(), static_cast<std::size_t>(kClips));
        for (int clip = 0; clip < kClips; ++clip)
            EXPECT_EQ(
                subject.poses_deg[static_cast<std::size_t>(clip)],
                recorded ? std::vector<float>(kFrames * 3, static_cast<float>(clip)) : std::vector<float>{});
    }
}

TEST(Eval, RefusesAFolderThatHoldsSomethingElse) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_refuse");
    Playback subject(corpus, 0, 0);
    EvalOptions options = options_for(corpus);
    options.report = corpus.folder / "clips";
    EXPECT_THROW(evaluate(subject, fields(), corpus, options), Error);
    EXPECT_TRUE(fs::exists(corpus.folder / "clips" / "clip0.mp4"));
}

TEST(Eval, LeavesNoReportWhenStoppedOrDamaged) {
    const corpus::Corpus corpus = make_corpus("vultus_eval_stop");
    Playback subject(corpus, 0, 0);
    const EvalOptions options = options_for(corpus);
    set_cancel_requested(true);
    EXPECT_THROW(evaluate(subject, fields(), corpus, options), Error);
    set_cancel_requested(false);
    corpus::Corpus longer = corpus;
    longer.clips[0].num_frames = kFrames + 5;
    EXPECT_THROW(evaluate(subject, fields(), longer, options), Error);
    int entries = 0;
    for (const auto& entry : fs::directory_iterator(corpus.folder)) entries += entry.is_directory();
    EXPECT_EQ(entries, 1) << "only clips/ may be there";
}

}  // namespace
}  // namespace vultus::evaluation
