// A run that is stopped and goes on is bit for bit the run that never stopped.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "corpus/tiny_corpus_testonly.h"
#include "tensor/archive.h"
#include "train/train.h"

namespace vultus::train {
namespace {

namespace fs = std::filesystem;

class Resume : public testing::Test {
  protected:
    void SetUp() override { Progress::set_quiet(true); }
    void TearDown() override { set_cancel_requested(false); }

    training_loop::TrainOptions options(const std::string& name) {
        training_loop::TrainOptions options;
        options.corpus = corpus_.corpus.folder;
        options.out = scratch_ / (name + ".vultus");
        options.size_px = corpus::TinyCorpus::kSizePx;
        options.batch = 2;
        options.num_threads = 1;
        options.steps = 6;
        options.report_every_s = 1e9;
        options.seed = 7;
        options.card.name = "Drawn";
        return options;
    }

    fs::path checkpoint(const std::string& name, const std::string& stage) {
        return scratch_ / (name + ".vultus.training") / (stage + ".safetensors");
    }

    /// Trains until a checkpoint is there, stops as Ctrl-C does, and says after which step.
    std::int64_t interrupted(training_loop::TrainOptions options, const fs::path& checkpoint) {
        options.checkpoint_every_s = 0;  // after every step
        std::atomic<bool> ended{false};
        std::thread watcher([&] {
            while (!ended && !fs::exists(checkpoint)) std::this_thread::yield();
            set_cancel_requested(true);
        });
        ErrorCode code = ErrorCode::kInternal;
        try {
            train_person(options);
        } catch (const Error& error) {
            code = error.code();
        }
        ended = true;
        watcher.join();
        set_cancel_requested(false);
        EXPECT_EQ(code, ErrorCode::kCancelled);
        EXPECT_FALSE(fs::exists(options.out)) << "an unfinished person has its final name";
        return std::stoll(load_archive(checkpoint).metadata.at("step"));
    }

    static void expect_same(const fs::path& a, const fs::path& b) {
        Archive first = load_archive(a), second = load_archive(b);
        first.metadata.erase("elapsed_s");
        second.metadata.erase("elapsed_s");
        EXPECT_EQ(first.metadata, second.metadata);
        ASSERT_EQ(first.tensors.size(), second.tensors.size());
        for (const auto& [name, tensor] : first.tensors)
            ASSERT_EQ(tensor.bytes, second.at(name).bytes) << name << " differs";
    }

    /// The images' stage, straight and stopped on the way; returns the options of the second.
    training_loop::TrainOptions expect_exact_images(
        const std::function<void(training_loop::TrainOptions&)>& choose) {
        training_loop::TrainOptions straight = options("straight"), stopped = options("stopped");
        for (training_loop::TrainOptions* run : {&straight, &stopped}) {
            run->stage = "dae";
            choose(*run);
        }
        train_person(straight);
        EXPECT_LT(interrupted(stopped, checkpoint("stopped", "dae")), 6);
        train_person(stopped);
        expect_same(checkpoint("straight", "dae"), checkpoint("stopped", "dae"));
        return stopped;
    }

    ScratchFolder scratch_{"resume-test"};
    corpus::TinyCorpus corpus_{scratch_ / "tiny.corpus"};
};

TEST_F(Resume, ImageStageIsExact) {
    training_loop::TrainOptions straight = options("straight"), again = options("again"),
                                stopped = options("stopped");
    for (training_loop::TrainOptions* run : {&straight, &again, &stopped}) run->stage = "dae";
    train_person(straight);
    train_person(again);
    expect_same(checkpoint("straight", "dae"), checkpoint("again", "dae"));
    EXPECT_EQ(read_file(straight.out), read_file(again.out));

    const std::int64_t step = interrupted(stopped, checkpoint("stopped", "dae"));
    ASSERT_GE(step, 1);
    ASSERT_LT(step, 6) << "the run was over before it was stopped: nothing was resumed";
    train_person(stopped);
    expect_same(checkpoint("straight", "dae"), checkpoint("stopped", "dae"));
    EXPECT_EQ(read_file(straight.out), read_file(stopped.out));
}

TEST_F(Resume, ResumesAfterTheEncoderIsFrozenAndTheCriticSpeaks) {
    expect_exact_images([](training_loop::TrainOptions& run) {
        run.freeze_encoder_at = 0.15;  // from the second step on
        run.critic_weight = 0.5;
    });
}

TEST_F(Resume, ResumesAfterTheStudentBecameTheTeacher) {
    training_loop::TrainOptions teacher = options("teacher");
    teacher.stage = "dae";
    teacher.steps = 2;
    train_person(teacher);
    training_loop::TrainOptions stopped = expect_exact_images([&](training_loop::TrainOptions& run) {
        run.teacher = teacher.out;
        run.distill = "progressive";
        run.teacher_steps = 64;  // a phase each step
    });
    EXPECT_EQ(load_archive(checkpoint("straight", "dae")).metadata.at("distillation_phase"), "5");
    stopped.distill = "consistency";
    EXPECT_THROW(train_person(stopped), Error);
}

TEST_F(Resume, SpeechStageIsExact) {
    training_loop::TrainOptions images = options("person");
    images.stage = "dae";
    images.steps = 2;
    train_person(images);
    training_loop::TrainOptions straight = options("straight"), stopped = options("stopped");
    for (training_loop::TrainOptions* run : {&straight, &stopped}) {
        run->stage = "speech";
        run->from = images.out;
    }
    train_person(straight);
    const std::int64_t step = interrupted(stopped, checkpoint("stopped", "speech"));
    ASSERT_GE(step, 1);
    ASSERT_LT(step, 6);
    train_person(stopped);
    expect_same(checkpoint("straight", "speech"), checkpoint("stopped", "speech"));
    EXPECT_EQ(read_file(straight.out), read_file(stopped.out));
}

TEST_F(Resume, SpeechGoesOnFromTheLatentsThatAreThere) {
    training_loop::TrainOptions images = options("person");
    images.stage = "dae";
    images.steps = 2;
    train_person(images);
    training_loop::TrainOptions run = options("run");
    run.stage = "speech";
    run.from = images.out;
    train_person(run);
    fs::remove(corpus::frame_cache_path(corpus_.corpus, corpus::TinyCorpus::kSizePx));
    run.steps = 8;
    fs::remove(run.out);
    train_person(run);
    EXPECT_TRUE(fs::exists(run.out));

    const fs::path latents = checkpoint("run", "latents");
    fs::resize_file(latents, fs::file_size(latents) - 1);
    run.steps = 9;
    EXPECT_THROW(train_person(run), Error) << "damaged latents were taken";
}

TEST_F(Resume, WholeRunLearnsAndWritesAPersonWhoSpeaks) {
    training_loop::TrainOptions run = options("whole");
    run.steps = 3;
    train_person(run);
    const person::Person person = person::load_person(run.out);
    EXPECT_TRUE(person.can_speak());
    EXPECT_EQ(person.card.name, "Drawn");
    EXPECT_EQ(person.card.training.at("dae_steps"), 3);
    EXPECT_EQ(person.card.training.at("speech_steps"), 3);
    EXPECT_GT(person.stats.blinks_per_minute, 0) << "the drawn face blinks";
    for (const char* file : {"dae-losses.csv", "dae-losses.png", "preview.png", "speech-losses.csv"})
        EXPECT_GT(fs::file_size(scratch_ / "whole.vultus.training" / file), 20u) << file;
    EXPECT_TRUE(
        read_file(scratch_ / "whole.vultus.training" / "speech-losses.csv")
            .starts_with("step,loss,validation_error,opening_r,mouth_distance,lip_difference,seconds\n"));
}

TEST_F(Resume, WarmStartTakesImagesAndSpeech) {
    training_loop::TrainOptions first = options("teacher");
    first.steps = 4;
    train_person(first);
    training_loop::TrainOptions second = options("pupil");
    second.steps = 1;
    second.learning_rate = 1e-7;
    second.from = first.out;
    train_person(second);
    // One step of a warm-up hardly moves anything: what was not taken over would be far away.
    const Archive a = load_archive(first.out), b = load_archive(second.out);
    for (const char* name : {"unet.in.weight", "encoder.out.z.weight", "speech.encoder.0.ffn1.up.weight"}) {
        const std::vector<float> x = a.at(name).to_f32(), y = b.at(name).to_f32();
        for (std::size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(x[i], y[i], 1e-3) << name;
    }
}

TEST_F(Resume, SpeechIsTrainedForTheLipsThatCalibrationSawDrawn) {
    training_loop::TrainOptions first = options("first");
    first.steps = 2;
    train_person(first);
    person::Person person = person::load_person(first.out);
    const std::vector<float> recorded = person.stats.lip_probe;
    for (float& value : person.stats.lip_probe) value = 2 * value + 0.01f;
    const std::vector<float> drawn = person.stats.lip_probe;
    const fs::path calibrated = scratch_ / "calibrated.vultus";
    person::save_person(calibrated, person);
    person.weights.tensors.at("encoder.out.z.weight").bytes[0] ^= 1;
    const fs::path other = scratch_ / "other.vultus";
    person::save_person(other, person);

    const auto speech_from = [&](const std::string& name, const fs::path& from, const fs::path& images,
                                 bool anew) {
        training_loop::TrainOptions run = options(name);
        run.stage = "speech";
        run.steps = 1;
        run.from = from;
        run.new_speech = anew;
        run.seed = anew ? 8 : 7;
        fs::create_directories(scratch_ / (name + ".vultus.training"));
        fs::copy_file(images, scratch_ / (name + ".vultus.training") / "dae.vultus");
        train_person(run);
        return person::load_person(run.out);
    };
    const auto expect_near = [](const std::vector<float>& a, const std::vector<float>& b) {
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5) << i;
    };
    const fs::path images = scratch_ / "first.vultus.training" / "dae.vultus";
    const person::Person on = speech_from("on", calibrated, images, false);
    const person::Person anew = speech_from("anew", calibrated, images, true);
    expect_near(on.stats.lip_probe, drawn);
    expect_near(anew.stats.lip_probe, drawn);
    expect_near(speech_from("moved", other, images, false).stats.lip_probe, recorded);  // other latents

    const auto moved = [&](const person::Person& to) {
        const std::vector<float> a = person.weights.at("speech.encoder.0.ffn1.up.weight").to_f32(),
                                 b = to.weights.at("speech.encoder.0.ffn1.up.weight").to_f32();
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
        return sum / static_cast<double>(a.size());
    };
    training_loop::TrainOptions nobody = options("nobody");
    nobody.new_speech = true;
    EXPECT_THROW(train_person(nobody), Error);

    EXPECT_LT(moved(on), 1e-3);
    EXPECT_GT(moved(anew), 0.01);
}

TEST_F(Resume, RefusesOtherSettingsAndDamage) {
    training_loop::TrainOptions run = options("one");
    run.stage = "dae";
    run.steps = 1;
    train_person(run);
    training_loop::TrainOptions other = run;
    other.preset = "paper";
    EXPECT_THROW(train_person(other), Error);
    const fs::path state = checkpoint("one", "dae");
    const std::string bytes = read_file(state);
    for (const std::string& damaged :
         {bytes.substr(0, bytes.size() / 2), std::string("text"), std::string(), bytes.substr(0, 2000)}) {
        write_file(state, damaged);
        EXPECT_THROW(train_person(run), Error) << damaged.size() << " bytes";
    }
    Archive archive = parse_archive(bytes, "test");
    archive.metadata.erase("step");
    write_file(state, serialize_archive(archive));
    try {
        train_person(run);
        ADD_FAILURE() << "a checkpoint without its step was resumed";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptData) << error.what();
    }
    run.restart = true;
    train_person(run);
    EXPECT_EQ(load_archive(state).metadata.at("step"), "1");
}

}  // namespace
}  // namespace vultus::train
