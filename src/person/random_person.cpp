#include "person/random_person.h"

#include "base/rng.h"
#include "models/cost_ops.h"
#include "models/speech_encoder.h"
#include "models/speech_to_latent.h"
#include "models/unet.h"

namespace vultus::person {
namespace {

using models::CostOps;
using models::Value;

/// Runs a network on shapes and draws each weight that it asks for.
class WeightDraw : public CostOps {
  public:
    explicit WeightDraw(Archive& weights) : weights_(&weights) {}

    Value param(const std::string& name, const Shape& shape, const models::Init& init) override {
        if (!weights_->has(name)) {
            // Nothing starts at zero, so that no branch is silent.
            const double scale = init.scale > 0 ? init.scale : 0.02;
            const double middle = init.kind == models::Init::Kind::kOnes ? 1 : 0;
            std::vector<float> values(static_cast<std::size_t>(num_elements(shape)));
            for (float& value : values) value = static_cast<float>(middle + rng_.uniform(-scale, scale));
            weights_->tensors[name] = HostTensor::from_f32(shape, values).to_bf16();
        }
        return CostOps::param(name, shape, init);
    }

  private:
    Archive* weights_;
    Rng rng_{1};
};

void run_unet(models::Ops& ops, const models::UNetConfig& unet) {
    models::unet({ops, "unet"}, unet, CostOps::shaped({1, 3, unet.size_px, unet.size_px}),
                 CostOps::shaped({1, unet.base_channels}), CostOps::shaped({1, unet.latent}));
}

/// From log-mel on; the speech encoder runs at its own 100 rows a second, here four to a frame.
void run_speech(models::Ops& ops, const models::ModelConfig& model, std::int64_t frames) {
    const models::SpeechConfig& speech = model.speech;
    if (speech.small_encoder())
        models::speech_encoder({ops, "phonetic"}, model.speech_encoder,
                               CostOps::shaped({1, frames * 4, speech.num_mels}), speech.encoder_state);
    models::speech_to_latent(
        {ops, "speech"}, speech,
        CostOps::shaped({1, frames * speech.rate_per_frame, model.speech_feature_width()}),
        CostOps::shaped({1, frames, 3}), CostOps::shaped({1, speech.latent}));
}

}  // namespace

person::Person random_person(const std::string& name, int size_px) {
    person::Person person;
    person.card.name = "random weights";
    person.model = models::preset(name, size_px);
    if (name == "live") models::use_speech_encoder(person.model, {});  // as `vultus train` does
    WeightDraw draw(person.weights);
    run_unet(draw, person.model.unet);
    models::encoder({draw, "encoder"}, person.model.encoder, CostOps::shaped({1, 3, size_px, size_px}));
    run_speech(draw, person.model, 1);
    person::Stats& stats = person.stats;
    const auto latent = static_cast<std::size_t>(person.model.unet.latent);
    const auto mels = static_cast<std::size_t>(person.model.speech.num_mels);
    stats.mean_image.assign(static_cast<std::size_t>(3) * size_px * size_px, 128);
    stats.reference.assign(latent, 0.0f);
    stats.latent_mean.assign(latent, 0.0f);
    stats.latent_std.assign(latent, 1.0f);
    stats.pose_mean.assign(3, 0.0f);
    stats.pose_std.assign(3, 1.0f);
    stats.mel_mean.assign(mels, 0.0f);
    stats.mel_std.assign(mels, 1.0f);
    return person;
}

std::int64_t unet_macs(const models::ModelConfig& config) {
    CostOps cost;
    run_unet(cost, config.unet);
    return cost.num_macs();
}

std::int64_t speech_macs(const models::ModelConfig& config, std::int64_t frames) {
    CostOps cost;
    run_speech(cost, config, frames);
    return cost.num_macs();
}

}  // namespace vultus::person
