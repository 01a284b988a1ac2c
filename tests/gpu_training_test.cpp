// Training on a GPU, as far as one can be had without: the same numbers as on the processor, nothing that a
// GPU would refuse (gpu/pretend_gpu.h).
#include <gtest/gtest.h>

#include <cmath>

#include "autograd/recorded_work.h"
#include "base/progress.h"
#include "corpus/motion_cache.h"
#include "corpus/tiny_corpus_testonly.h"
#include "gpu/pretend_gpu.h"
#include "tensor/archive.h"
#include "train/train.h"

namespace vultus::train {
namespace {

namespace fs = std::filesystem;

class GpuTraining : public testing::Test {
  protected:
    static constexpr int kLargePx = 256;

    void SetUp() override {
        Progress::set_quiet(true);
        PretendGpu::clear();
    }

    /// The frames four times as large, and some motion: then the networks have reference frames.
    void enlarge() const {
        using corpus::MotionCache;
        constexpr int kSmall = corpus::TinyCorpus::kSizePx;
        const corpus::FrameCache small(corpus_.corpus, kSmall);
        std::ofstream large(corpus::frame_cache_path(corpus_.corpus, kLargePx), std::ios::binary);
        for (std::int64_t i = 0; i < small.num_frames(); ++i)
            for (int y = 0; y < kLargePx; ++y)
                for (int x = 0; x < kLargePx; ++x)
                    large.write(reinterpret_cast<const char*>(small.frame(i) + 3 * (y / 4 * kSmall + x / 4)),
                                3);
        MotionCache::Header header;
        header.frames = small.num_frames();
        header.references = {5, 40};
        std::vector<std::int16_t> values(static_cast<std::size_t>(header.frames * MotionCache::kFrameValues));
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<std::int16_t>(200 * std::sin(0.001 * static_cast<double>(i)));
        std::ofstream file(corpus::motion_cache_path(corpus_.corpus, kLargePx), std::ios::binary);
        file.write(reinterpret_cast<const char*>(&header), sizeof header);
        file.write(reinterpret_cast<const char*>(values.data()),
                   static_cast<std::streamsize>(2 * values.size()));
    }

    training_loop::TrainOptions options(const std::string& device) const {
        training_loop::TrainOptions options;
        options.corpus = corpus_.corpus.folder;
        options.out = scratch_ / (device + ".vultus");
        options.size_px = corpus::TinyCorpus::kSizePx;
        options.batch = 2;
        options.learning_rate = 6e-4;
        options.num_threads = 1;
        options.steps = 10;
        options.freeze_encoder_at = 0.5;
        options.report_every_s = 1e9;
        options.seed = 7;
        options.device = device;
        options.precision = "float32";
        options.card.name = "Drawn";
        return options;
    }

    static void expect_no_complaints() {
        for (const std::string& complaint : PretendGpu::complaints()) ADD_FAILURE() << complaint;
    }

    /// The whole network's difference, in parts of its size.
    static double difference(const fs::path& a, const fs::path& b) {
        const Archive first = load_archive(a), second = load_archive(b);
        EXPECT_EQ(first.tensors.size(), second.tensors.size());
        double squares = 0, differences = 0;
        for (const auto& [name, tensor] : first.tensors) {
            const std::vector<float> x = tensor.to_f32(), y = second.at(name).to_f32();
            EXPECT_EQ(x.size(), y.size()) << name;
            for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
                squares += static_cast<double>(x[i]) * x[i];
                differences += (static_cast<double>(x[i]) - y[i]) * (static_cast<double>(x[i]) - y[i]);
            }
        }
        return std::sqrt(differences / squares);
    }

    ScratchFolder scratch_{"gpu-test"};
    corpus::TinyCorpus corpus_{scratch_ / "tiny.corpus"};
};

TEST_F(GpuTraining, ImagesAreLearntAsOnTheProcessor) {
    enlarge();
    training_loop::TrainOptions here = options("cpu"), there = options("cuda:0");
    for (training_loop::TrainOptions* run : {&here, &there}) {
        run->stage = "dae";
        run->size_px = kLargePx;
    }
    train_person(here);
    EXPECT_EQ(PretendGpu::num_operations(), 0);
    train_person(there);
    EXPECT_GT(PretendGpu::num_operations(), 10000);
    expect_no_complaints();
    EXPECT_LT(difference(here.out, there.out), 1e-3);
}

TEST_F(GpuTraining, SpeechIsLearntAsOnTheProcessor) {
    training_loop::TrainOptions images = options("cpu");
    images.stage = "dae";
    images.steps = 2;
    images.out = scratch_ / "images.vultus";
    train_person(images);
    training_loop::TrainOptions here = options("cpu"), there = options("cuda:0");
    for (training_loop::TrainOptions* run : {&here, &there}) {
        run->stage = "speech";
        run->from = images.out;
        run->steps = 3;
        train_person(*run);
    }
    EXPECT_GT(PretendGpu::num_operations(), 2000);
    expect_no_complaints();
    EXPECT_LT(difference(here.out, there.out), 1e-2);
}

TEST_F(GpuTraining, InHalfPrecisionAndTheProcessorGoesOn) {
    training_loop::TrainOptions run = options("cuda:0");
    run.stage = "dae";
    run.precision = "auto";
    run.steps = 4;
    train_person(run);
    expect_no_complaints();
    fs::remove(run.out);
    run.steps = 5;
    run.device = "cpu";
    run.precision = "float32";
    train_person(run);
    EXPECT_TRUE(fs::exists(run.out));
}

TEST_F(GpuTraining, OutOfMemoryHalvesTheBatchAndGoesOn) {
    training_loop::TrainOptions run = options("cuda:0");
    run.stage = "dae";
    run.batch = 4;
    run.steps = 1;
    train_person(run);
    const std::int64_t a_step = PretendGpu::num_operations();
    run.steps = 3;
    run.checkpoint_every_s = 0;  // after every step
    run.restart = true;
    fs::remove(run.out);
    PretendGpu::clear();
    PretendGpu::refuse_memory(a_step, 1);
    train_person(run);
    EXPECT_EQ(person::load_person(run.out).card.training.at("dae_images").get<int>(), 3 * 2);

    fs::remove(run.out);
    run.restart = false;
    run.steps = 4;
    PretendGpu::refuse_memory(0, 1000000);
    EXPECT_THROW(train_person(run), std::exception) << "a GPU that is full";
    EXPECT_FALSE(fs::exists(run.out));
    PretendGpu::clear();
    train_person(run);  // nothing was lost
    EXPECT_TRUE(fs::exists(run.out));
}

class PretendGpuComplains : public GpuTraining {};

TEST_F(PretendGpuComplains, OfWhatAGpuWouldNotDo) {
    const torch::TensorOptions gpu = torch::TensorOptions().device(torch::kCUDA, 0);
    const torch::Tensor ours = torch::ones({4}, gpu), hosts = torch::ones({4});
    EXPECT_EQ((ours + ours).sum().item<double>(), 8);
    EXPECT_TRUE(PretendGpu::complaints().empty());
    EXPECT_THROW((void)(ours + hosts), std::exception) << "both devices";
    (void)ours.index_select(0, torch::zeros({2}, torch::kInt64));
    EXPECT_EQ(PretendGpu::complaints().size(), 1u) << "both devices";

    PretendGpu::clear();
    autograd::RecordedWork awaits(ours.device(), true);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(PretendGpu::complaints().size(), 0u);
        awaits.run([&] { (void)ours.sum().item<double>(); });
    }
    EXPECT_EQ(PretendGpu::complaints().size(), 1u) << "waits for the device";

    PretendGpu::clear();
    autograd::RecordedWork stale(ours.device(), true);
    for (int i = 0; i < 6; ++i) {
        const torch::Tensor passing = torch::ones({4}, gpu);  // another one each time
        stale.run([&] { (void)(ours + passing); });
        EXPECT_EQ(PretendGpu::complaints().empty(), i < 4) << i;
    }
}

}  // namespace
}  // namespace vultus::train
