// Eval with the real tracker on the bundled recordings, played back with known faults.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/output_file.h"
#include "base/progress.h"
#include "evaluation/eval.h"
#include "media/resize.h"
#include "media/video_reader.h"
#include "preparation/prepare.h"

namespace vultus::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr int kSize = 256, kLate = 2;

// Reconstruction: the recording at half the resolution. Speech-driven: the recording two frames late.
class FaultyPlayback : public EvalSubject {
  public:
    explicit FaultyPlayback(const corpus::Corpus& corpus) {
        for (const corpus::Clip* clip : corpus.kept()) {
            clips_.push_back({});
            media::VideoReader reader(corpus.video_path(*clip));
            media::Image image;
            while (reader.read(image)) clips_.back().push_back(image);
            for (const std::int16_t sample : corpus::load_tracks(corpus, *clip).audio) sum_ += sample;
            sums_.push_back(sum_);
            sum_ = 0;
        }
    }
    int size_px() const override { return kSize; }
    int latent_dim() const override { return 2; }
    bool can_speak() const override { return true; }
    std::vector<float> encode(const std::uint8_t* rgb) override {
        std::copy_n(rgb, encoded_.rgb.size(), encoded_.rgb.begin());
        return {-1, -1};
    }
    void decode(const float* z, std::uint8_t* rgb) override {
        media::Image half, blurred;
        media::crop_and_resize(encoded_, {0, 0, kSize, kSize}, kSize / 2, half);
        media::crop_and_resize(half, {0, 0, kSize / 2, kSize / 2}, kSize, blurred);
        const media::Image& image = z[0] < 0 ? blurred : clips_[int(z[0])][int(z[1])];
        std::copy(image.rgb.begin(), image.rgb.end(), rgb);
    }
    // Knows the clip by the sum of its samples; any other voice gets the first clip.
    std::vector<float> latents_from_speech(const std::vector<float>& audio, std::int64_t num_frames,
                                           const std::vector<float>&) override {
        std::int64_t sum = 0;
        for (const float sample : audio) sum += std::lround(sample * 32768);
        std::size_t clip = std::find(sums_.begin(), sums_.end(), sum) - sums_.begin();
        if (clip == sums_.size()) clip = 0;
        const auto last = static_cast<std::int64_t>(clips_[clip].size()) - 1;
        std::vector<float> latents;
        for (std::int64_t i = 0; i < num_frames; ++i) {
            latents.push_back(static_cast<float>(clip));
            latents.push_back(static_cast<float>(std::clamp<std::int64_t>(i - kLate, 0, last)));
        }
        return latents;
    }

  private:
    std::vector<std::vector<media::Image>> clips_;
    std::vector<std::int64_t> sums_;
    std::int64_t sum_ = 0;
    media::Image encoded_{kSize, kSize};
};

TEST(EvalFaces, MeasuresWhatIsWrongWithAPlayback) {
    const fs::path folder = fs::path(::testing::TempDir()) / "vultus_eval_faces";
    fs::remove_all(folder);
    fs::create_directories(folder);
    Progress::set_quiet(true);
    preparation::PrepareOptions prepare_options;
    for (const char* name : {"bgwo2n", "lwar6n", "swbo9s"})
        prepare_options.inputs.push_back(fs::path(VULTUS_SOURCE_DIR) / "samples" /
                                         (std::string(name) + ".mkv"));
    prepare_options.out = folder / "three.corpus";
    preparation::prepare(prepare_options);
    corpus::Corpus corpus = corpus::load_corpus(prepare_options.out);
    ASSERT_EQ(corpus.kept().size(), 3u);
    for (corpus::Clip& clip : corpus.clips) clip.split = corpus::Split::kValidation;
    FaultyPlayback subject(corpus);
    EvalOptions options;
    options.report = folder / "report";
    options.title = "playback";
    options.video = false;
    options.voices = {prepare_options.inputs[0]};
    evaluate(subject, tracked_landmarks(), corpus, options);
    const auto metrics = nlohmann::json::parse(read_file(options.report / "metrics.json"));

    const auto& blurred = metrics.at("reconstruction");
    EXPECT_LT(blurred.at("mouth_sharpness").at("ratio").get<double>(), 0.6);
    EXPECT_GT(blurred.at("opening").at("r").get<double>(), 0.9);
    EXPECT_EQ(blurred.at("opening").at("lag_frames"), 0.0);
    EXPECT_LT(blurred.at("mouth_distance").get<double>(), 0.012);
    EXPECT_GT(blurred.at("mouth_distance_other_sentences").get<double>(), 0.015);
    EXPECT_EQ(blurred.at("right_sentence_first"), 1.0);
    EXPECT_EQ(blurred.at("frames_without_face"), 0);

    const auto& late = metrics.at("speech_driven");
    EXPECT_EQ(late.at("opening").at("lag_frames"), kLate);
    EXPECT_GT(late.at("opening").at("r_at_best_lag").get<double>(), 0.97);
    EXPECT_LT(late.at("opening").at("r").get<double>(),
              late.at("opening").at("r_at_best_lag").get<double>() - 0.1);
    EXPECT_NEAR(late.at("mouth_sharpness").at("ratio").get<double>(), 1, 0.02);
    EXPECT_NEAR(late.at("head_motion_deg").at("pitch").at("ratio").get<double>(), 1, 0.15);
    EXPECT_EQ(metrics.at("voices").at("files").size(), 1u);
    EXPECT_GT(metrics.at("voices").at("level_r_recordings").get<double>(), 0.3);
}

}  // namespace
}  // namespace vultus::evaluation
