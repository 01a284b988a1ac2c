#include "evaluation/eval_person.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/output_file.h"
#include "person/person.h"

namespace vultus::evaluation {
namespace {

class TalkerSubject : public EvalSubject {
  public:
    TalkerSubject(const person::Person& person, const speaking::TalkerOptions& options, int look_ahead_frames)
        : talker_(person, options), look_ahead_frames_(look_ahead_frames), can_speak_(person.can_speak()) {}
    int size_px() const override { return talker_.size_px(); }
    int latent_dim() const override { return talker_.latent_dim(); }
    bool can_speak() const override { return can_speak_; }
    std::vector<float> encode(const std::uint8_t* rgb) override { return talker_.encode(rgb); }
    void decode(const float* z, std::uint8_t* rgb) override { talker_.decode(z, rgb); }
    std::vector<float> latents_from_speech(const std::vector<float>& audio, std::int64_t num_frames,
                                           const std::vector<float>& pose_deg) override {
        speaking::PoseOptions pose;
        if (!pose_deg.empty()) {
            pose.source = speaking::PoseOptions::Source::kTrack;
            pose.track_deg = pose_deg;
        }
        return talker_.latents_from_speech(audio, num_frames, pose, look_ahead_frames_);
    }
    std::vector<float> speech_features(const std::vector<float>& audio, std::int64_t num_frames) override {
        return can_speak_ ? talker_.speech_features(audio, num_frames) : std::vector<float>{};
    }
    int steps() const { return talker_.steps(); }
    std::string runtime_name() const { return talker_.runtime_name(); }

  private:
    speaking::Talker talker_;
    int look_ahead_frames_;
    bool can_speak_;
};

}  // namespace

std::string evaluate_person(const std::filesystem::path& person_path,
                            const std::filesystem::path& corpus_path, const speaking::TalkerOptions& talker,
                            const EvalOptions& options, int look_ahead_frames) {
    std::vector<std::filesystem::path> inputs = options.voices;
    inputs.insert(inputs.end(), {person_path, corpus_path, options.labels});
    require_not_input(options.report, inputs);
    const person::Person person = person::load_person(person_path);
    const corpus::Corpus corpus = corpus::load_corpus(corpus_path);
    if (std::abs(person.fps() - corpus.fps()) > 1e-6)
        fail(ErrorCode::kInvalidArgument,
             "[eval] expected a corpus at the person's {} frames per second, got {}", person.fps(),
             corpus.fps());
    TalkerSubject subject(person, talker, look_ahead_frames);
    EvalOptions titled = options;
    if (titled.title.empty())
        titled.title = fmt::format("{} ({} px, {} steps, {})",
                                   person.card.name.empty() ? person_path.stem().string() : person.card.name,
                                   subject.size_px(), subject.steps(), subject.runtime_name());
    return evaluate(subject, tracked_landmarks(), corpus, titled);
}

}  // namespace vultus::evaluation
