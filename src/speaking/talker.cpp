#include "speaking/talker.h"

#include <algorithm>
#include <cmath>

#include "hearing/speech_features.h"
#include "models/unet.h"
#include "speaking/latent_stream.h"
#include "speaking/talker_impl.h"

namespace vultus::speaking {

using models::Value;

LoadedPerson::LoadedPerson(person::Person person_)
    : person(std::move(person_)),
      weights(std::make_shared<infer::Weights>(person.weights)),
      space(person.model.unet.size_px, person.stats.mean_image, person.model.diffusion.residual_scale,
            person.stats.steadiness) {}

Talker::Impl::Impl(std::shared_ptr<const LoadedPerson> loaded_, const TalkerOptions& options)
    : loaded(std::move(loaded_)),
      person(loaded->person),
      model(person.model),
      ops(loaded->weights, options.num_threads),
      schedule(model.diffusion.timesteps, model.diffusion.beta_first, model.diffusion.beta_last),
      kind(diffusion::prediction_from_name(model.diffusion.prediction)),
      space(loaded->space),
      timesteps(schedule.timesteps_for(options.steps > 0 ? options.steps : model.diffusion.default_steps,
                                       model.diffusion.spacing)),
      noise(diffusion::noise_from_seed(
          options.seed >= 0 ? static_cast<std::uint64_t>(options.seed) : person.noise_seed,
          space.num_values())) {}

/// x_T and the timesteps never change: what depends on them alone is computed here, once.
void Talker::Impl::record_decoder() {
    const models::UNetConfig& unet = model.unet;
    z.resize(static_cast<std::size_t>(unet.latent));
    x.resize(noise.size());
    std::vector<infer::Network> networks;
    for (std::size_t i = 0; i < timesteps.size(); ++i)
        networks.push_back([&, i](infer::Recorder& recorder) {
            const Shape shape = {1, 3, unet.size_px, unet.size_px};
            const Value x_t =
                i == 0 ? recorder.constant(shape, noise.data()) : recorder.bound(shape, x.data());
            const std::vector<float> time = models::time_embedding(timesteps[i], unet.base_channels);
            return std::vector<Value>{models::unet({recorder, "unet"}, unet, x_t,
                                                   recorder.constant({1, unet.base_channels}, time.data()),
                                                   recorder.bound({1, unet.latent}, z.data()))};
        });
    decoder = infer::record(loaded->weights, ops.num_threads(), networks);
}

void Talker::Impl::record_encoder() {
    picture.resize(noise.size());
    encoder = infer::record(loaded->weights, ops.num_threads(), {[&](infer::Recorder& recorder) {
                                const int size_px = model.unet.size_px;
                                return std::vector<Value>{models::encoder(
                                    {recorder, "encoder"}, model.encoder,
                                    recorder.bound({1, 3, size_px, size_px}, picture.data()))};
                            }});
}

Talker::Talker(person::Person person, const TalkerOptions& options)
    : impl_(std::make_unique<Impl>(std::make_shared<const LoadedPerson>(std::move(person)), options)) {}
Talker::Talker(const Talker& other, const TalkerOptions& options)
    : impl_(std::make_unique<Impl>(other.impl_->loaded, options)) {}
Talker::~Talker() = default;

int Talker::size_px() const { return impl_->model.unet.size_px; }
double Talker::fps() const { return impl_->person.fps(); }
int Talker::latent_dim() const { return impl_->model.unet.latent; }
int Talker::steps() const { return static_cast<int>(impl_->timesteps.size()); }
std::string Talker::runtime_name() const { return "oneDNN " + impl_->ops.runtime_name(); }

const person::Person& Talker::person() const { return impl_->person; }

std::vector<float> Talker::encode(const std::uint8_t* rgb) {
    Impl& me = *impl_;
    if (me.encoder.empty()) me.record_encoder();
    me.space.to_model(rgb, me.picture.data());
    me.encoder.front().run();
    const std::span<const float> z = me.encoder.front().output(0);
    return {z.begin(), z.end()};
}

void Talker::prepare() {
    if (!impl_->decoder.empty()) return;
    const std::vector<float> z(static_cast<std::size_t>(latent_dim()), 0.0f);
    std::vector<std::uint8_t> rgb(impl_->noise.size());
    decode(z.data(), rgb.data());
}

void Talker::decode(const float* z, std::uint8_t* rgb) {
    Impl& me = *impl_;
    if (me.decoder.empty()) me.record_decoder();
    std::copy_n(z, me.z.size(), me.z.data());
    const diffusion::Limits limits{me.space.low(), me.space.high()};
    for (std::size_t i = 0; i < me.timesteps.size(); ++i) {
        me.decoder[i].run();
        const int next = i + 1 < me.timesteps.size() ? me.timesteps[i + 1] : -1;
        diffusion::ddim_step(me.schedule, me.timesteps[i], next, me.kind, me.decoder[i].output(0), limits,
                             i == 0 ? me.noise : me.x, me.x);
    }
    me.space.to_rgb(me.x.data(), rgb);
}

std::vector<float> Talker::latents_from_speech(const std::vector<float>& audio, std::int64_t num_frames,
                                               const PoseOptions& pose, int look_ahead_frames) {
    LatentStream stream(*this, pose, look_ahead_frames);
    std::vector<float> latents;
    const auto needed =
        static_cast<std::size_t>(std::ceil(static_cast<double>(num_frames) * 16000.0 / fps()));
    stream.push(audio.data(), static_cast<std::int64_t>(std::min(audio.size(), needed)), latents);
    stream.finish(num_frames, latents);
    latents.resize(static_cast<std::size_t>(num_frames * latent_dim()));
    return latents;
}

std::vector<float> Talker::speech_features(const std::vector<float>& audio, std::int64_t num_frames) {
    const Impl& me = *impl_;
    hearing::SpeechFeatureStream stream(me.person, me.loaded->weights, me.ops.num_threads(),
                                        static_cast<std::int64_t>(std::llround(fps())));
    std::vector<float> rows;
    stream.push(audio.data(), static_cast<std::int64_t>(audio.size()), rows);
    stream.finish(rows);
    const auto width = static_cast<std::size_t>(stream.width());
    const auto rate = static_cast<std::size_t>(me.model.speech.rate_per_frame);
    rows.resize(static_cast<std::size_t>(num_frames) * rate * width, 0.0f);
    std::vector<float> frames(static_cast<std::size_t>(num_frames) * width, 0.0f);
    for (std::size_t row = 0; row * width < rows.size(); ++row)
        for (std::size_t k = 0; k < width; ++k)
            frames[row / rate * width + k] += rows[row * width + k] / static_cast<float>(rate);
    return frames;
}

}  // namespace vultus::speaking
