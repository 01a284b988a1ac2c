#include "pipeline/talker.h"

#include <algorithm>
#include <cmath>

#include "models/unet.h"
#include "pipeline/latent_stream.h"
#include "pipeline/talker_impl.h"

namespace vultus::pipeline {

using models::Value;

Talker::Talker(const person::Person& person, const TalkerOptions& options)
    : impl_(std::make_unique<Impl>(person, options)) {}
Talker::~Talker() = default;

int Talker::size_px() const { return impl_->model.unet.size_px; }
double Talker::fps() const { return impl_->person.fps(); }
int Talker::latent_dim() const { return impl_->model.unet.latent; }
int Talker::steps() const { return static_cast<int>(impl_->timesteps.size()); }
std::string Talker::runtime_name() const {
    return std::string("oneDNN ") + impl_->ops.precision_name() + " on " + infer::OnednnOps::isa_name();
}

const person::Person& Talker::person() const { return impl_->person; }

std::vector<float> Talker::encode(const std::uint8_t* rgb) {
    Impl& me = *impl_;
    std::vector<float> planes(static_cast<std::size_t>(me.space.num_values()));
    me.space.to_model(rgb, planes.data());
    const Value picture = me.ops.input({1, 3, size_px(), size_px()}, planes.data());
    const Value z = models::encoder({me.ops, "encoder"}, me.model.encoder, picture);
    const float* values = infer::OnednnOps::data(z);
    return {values, values + latent_dim()};
}

void Talker::decode(const float* z, std::uint8_t* rgb) {
    Impl& me = *impl_;
    const Value latent = me.ops.input({1, latent_dim()}, z);
    const auto denoise = [&](std::span<const float> x_t, int t, std::span<float> prediction) {
        const std::vector<float> time = models::time_embedding(t, me.model.unet.base_channels);
        const Value out = models::unet({me.ops, "unet"}, me.model.unet,
                                       me.ops.input({1, 3, size_px(), size_px()}, x_t.data()),
                                       me.ops.input({1, me.model.unet.base_channels}, time.data()), latent);
        std::copy_n(infer::OnednnOps::data(out), prediction.size(), prediction.data());
    };
    std::vector<float> x = me.noise;
    diffusion::ddim_sample(
        me.schedule, me.timesteps, me.kind, denoise, [&](std::span<float> x0) { me.space.clip(x0); }, x);
    me.space.to_rgb(x.data(), rgb);
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

}  // namespace vultus::pipeline
