#include "train/train.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>

#include "autograd/recorded_work.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "image_training/dae_trainer.h"
#include "person/bundled.h"
#include "person/speech_model.h"
#include "person/wav2vec2_file.h"
#include "phone_training/phone_trainer.h"
#include "speech_training/speech_trainer.h"
#include "train/device_plan.h"

namespace vultus::train {
namespace {

std::string today() {
    const std::time_t now = std::time(nullptr);
    char text[16];
    std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
    return text;
}

/// Stage 1 as trained now, or as an earlier run or --from left it.
person::Person image_stage(const training_loop::TrainOptions& options, const corpus::Corpus& corpus,
                           const training_loop::RunFolder& run, autograd::ProcessGroup& group) {
    if (options.stage == "speech") {
        const bool own = std::filesystem::exists(run.dae_person());
        if (!own && options.from.empty())
            fail(ErrorCode::kInvalidArgument,
                 "[train] --stage speech: expected {} or --from with a trained person",
                 run.dae_person().string());
        return person::load_person(own ? run.dae_person() : options.from);
    }
    training_loop::TrainOptions planned = options;
    plan_images(planned, group);
    const auto checkpoint_time = [&] {
        std::error_code none;
        return std::filesystem::last_write_time(run.dae_checkpoint(), none);
    };
    const auto before = checkpoint_time();
    for (;;) try {
            image_training::DaeTrainer trainer(planned, corpus, run, group);
            trainer.run(options.stage == "all" ? options.budget_s * options.dae_share : options.budget_s);
            return trainer.person();
        } catch (const std::exception& error) {
            if (!autograd::is_out_of_memory(error) || planned.batch < 2 || group.size() > 1) throw;
            planned.batch /= 2;
            planned.learning_rate /= std::sqrt(2.0);
            planned.restart = planned.restart && checkpoint_time() == before;  // on from this run's, not anew
            autograd::release_memory(torch::Device(options.device));
            fmt::print(stderr, "\n[train] {}: out of memory; on with {} images a step\n", options.device,
                       planned.batch);
        }
}

/// The speech encoder, which belongs to no person.
void train_speech_encoder(const training_loop::TrainOptions& options, autograd::ProcessGroup& group) {
    const corpus::SpeechCorpus corpus = corpus::SpeechCorpus::open(options.corpus);
    const training_loop::RunFolder run(options.out);
    std::optional<WriteLock> lock;
    if (group.is_first()) lock.emplace(run.folder / "lock");
    phone_training::PhoneTrainer trainer(options, corpus, run, group);
    trainer.run();
    if (!group.is_first()) return;
    person::save_speech_model(options.out, trainer.model());
    fmt::print(stderr, "\nwrote {}\n", options.out.string());
}

/// What is wrong with the speech encoder's file is said before hours of work on images.
void check_speech_options(const training_loop::TrainOptions& options) {
    if (options.new_speech && options.from.empty())
        fail(ErrorCode::kInvalidArgument, "[train] --new-speech: expected --from with a calibrated person");
    if (options.phones_alone && (options.speech.empty() || person::is_published_encoder(options.speech)))
        fail(ErrorCode::kInvalidArgument,
             "[train] --phones-alone: expected the small encoder, which alone tells phones");
    if (options.speech.empty()) return;
    if (!person::is_published_encoder(options.speech)) {
        person::load_speech_model(options.speech);
        if (options.speech_layers.layer != -1)
            fail(ErrorCode::kInvalidArgument,
                 "[train] --speech-layer: {} is a small encoder, which has no layers to choose from",
                 options.speech.string());
        return;
    }
    models::ModelConfig model;
    models::use_speech_encoder(model, person::load_wav2vec2(options.speech).config, options.speech_layers);
}

/// What a face looks like need not be learnt from a minute of one: images start from those of the person that
/// comes with Vultus, speech from how its audio becomes motion.
void start_from_bundled(training_loop::TrainOptions& options) {
    const bool none = options.from == "none";
    if (none) options.from.clear();
    if (none || !options.from.empty() || !options.teacher.empty() || options.preset != "live" ||
        options.size_px < 256 || (options.stage != "all" && options.stage != "dae"))
        return;
    try {
        options.from = person::find_bundled(person::kBundledPerson);
        options.prior_only = true;
    } catch (const Error&) {  // a program by itself
        return;
    }
    fmt::print(stderr, "[train] starts from {} (--from none: from nothing)\n", options.from.string());
}

/// The student has the teacher's weights to begin with, and its latents for good.
void start_from_teacher(training_loop::TrainOptions& options) {
    if (options.stage == "speech")
        fail(ErrorCode::kInvalidArgument, "[train] --teacher: expected --stage dae or all, got speech");
    options.from = options.teacher;
    options.freeze_encoder_at = 0;
}

}  // namespace

void train_person(training_loop::TrainOptions options) {
    choose_device(options);
    require_not_input(options.out, {options.from, options.teacher, options.speech});
    check_speech_options(options);
    autograd::ProcessGroup group;
    if (options.stage == "phones") return train_speech_encoder(options, group);
    const corpus::Corpus corpus = corpus::load_corpus(options.corpus);
    if (!options.teacher.empty()) start_from_teacher(options);
    const bool has_from = !options.from.empty() && options.from != "none";
    if (options.size_px == 0)
        options.size_px = has_from ? person::load_person(options.from).model.unet.size_px : corpus.size_px;
    start_from_bundled(options);
    if (options.stage == "speed") {
        const ScratchFolder scratch("training-speed");
        return print_training_speed(options, corpus, training_loop::RunFolder(scratch / "run"), group);
    }
    const training_loop::RunFolder run(options.out);
    std::optional<WriteLock> lock;
    if (group.is_first()) lock.emplace(run.folder / "lock");

    person::Person person = image_stage(options, corpus, run, group);
    if (options.stage != "dae") {
        const speech_training::SpeechExamples examples(
            options,
            speech_training::encode_clips(
                corpus, person, torch::Device(options.device),
                autograd::compute_dtype(options.precision, torch::Device(options.device)),
                run.folder / "latents.safetensors"),
            person);
        speech_training::SpeechTrainer trainer(options, run, examples, person, group);
        trainer.run(options.stage == "all" ? options.budget_s * (1 - options.dae_share) : options.budget_s);
        person = trainer.person();
    }
    if (!group.is_first()) return;
    if (!options.card.name.empty()) {
        const nlohmann::json training = person.card.training;
        person.card = options.card;
        person.card.training = training;
    }
    person.card.date = today();
    person.card.training["corpus_clips"] = corpus.kept(corpus::Split::kTrain).size();
    person.card.training["preset"] = person.model.preset;
    person::save_person(options.out, person);
    fmt::print(stderr, "\nwrote {}\n", options.out.string());
}

}  // namespace vultus::train
