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
        : talker_(person, options),
          look_ahead_frames_(look_ahead_frames),
          can_speak_(person.can_speak()),
          baseline_width_(person.model.speech.features == "phonetic"
                              ? static_cast<std::size_t>(person.model.speech_encoder.embedding)
                              : 0) {}
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
        if (!can_speak_) return {};
        const std::vector<float> features = talker_.speech_features(audio, num_frames);
        // The embedding comes first; what stands beside it in newer persons is no part of the baseline.
        const std::size_t width = features.size() / static_cast<std::size_t>(num_frames);
        const std::size_t kept = baseline_width_ > 0 ? baseline_width_ : width;
        std::vector<float> embedding;
        for (std::size_t row = 0; row < features.size(); row += width)
            embedding.insert(embedding.end(), features.begin() + static_cast<std::ptrdiff_t>(row),
                             features.begin() + static_cast<std::ptrdiff_t>(row + kept));
        return embedding;
    }
    int steps() const { return talker_.steps(); }
    std::string runtime_name() const { return talker_.runtime_name(); }

  private:
    speaking::Talker talker_;
    int look_ahead_frames_;
    bool can_speak_;
    std::size_t baseline_width_;  ///< 0: all
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
