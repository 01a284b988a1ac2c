#include "image_training/prior.h"

#include <regex>

#include "autograd/torch_ops.h"
#include "models/unet.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

/// All weights of the model's image networks, as they would start.
autograd::Parameters fresh(const models::ModelConfig& model) {
    torch::NoGradGuard no_grad;
    autograd::Parameters parameters(torch::kCPU, torch::kFloat32, 0);
    autograd::TorchOps ops(parameters, torch::kFloat32, /*training=*/false);
    const std::int64_t size = model.unet.size_px;
    const models::Value image = autograd::TorchOps::wrap(torch::zeros({1, 3, size, size})),
                        time = autograd::TorchOps::wrap(torch::zeros({1, model.unet.base_channels}));
    models::unet({ops, "unet"}, model.unet, image, time,
                 models::encoder({ops, "encoder"}, model.encoder, image));
    return parameters;
}

/// The name in a U-Net whose levels are counted from another one: down.2 is down.1 where the outer level is
/// missing.
std::string name_in(const std::string& name, int missing_levels) {
    static const std::regex kLevel(R"(^(unet\.(?:down|up)\.)(\d+)(\..*)$)");
    std::smatch match;
    if (missing_levels == 0 || !std::regex_match(name, match, kLevel)) return name;
    return match[1].str() + std::to_string(std::stoi(match[2].str()) - missing_levels) + match[3].str();
}

bool is_position(const std::string& name) { return name.ends_with(".position"); }

}  // namespace

Archive prior_weights(const person::Person& from, const models::ModelConfig& model) {
    const int missing = static_cast<int>(model.unet.channel_mult.size()) -
                        static_cast<int>(from.model.unet.channel_mult.size());
    const autograd::Parameters wanted = fresh(model);
    Archive known;
    for (const auto& [name, weight] : wanted.all()) {
        const auto found = from.weights.tensors.find(name_in(name, missing));
        if (found == from.weights.tensors.end()) continue;
        Tensor source = autograd::from_host(found->second, torch::kCPU);
        if (is_position(name) && source.dim() == 4 && source.size(1) == weight.size(1))
            source = torch::upsample_bilinear2d(source, {weight.size(2), weight.size(3)}, false);
        if (source.sizes() == weight.sizes()) known.tensors[name] = autograd::to_host(source);
    }
    return known;
}

}  // namespace vultus::image_training
