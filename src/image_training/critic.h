// The adversarial term of the diffusion autoencoder: a patch critic over the mouth and the eyes.
#pragma once

#include "autograd/optimizer.h"
#include "image_training/face_regions.h"

namespace vultus::image_training {

/// Squared error alone draws the mean of what z leaves open: soft lips and lids. The critic asks for one of
/// them. Loss: hinge (Lim and Ye 2017, arXiv:1705.02894) plus feature matching (Salimans et al. 2016,
/// arXiv:1606.03498, sec. 3.1, here between an image and its own reconstruction).
class Critic {
  public:
    /// mean [3, S, S] in -1..1 and scale: images in model units times scale plus mean are in -1..1.
    Critic(torch::Device device, std::uint64_t seed, const FaceRegions& places, torch::Tensor mean,
           double scale);

    /// images [B, 3, S, S] in model units, of these frames [B] -> [patches * B, 4, C, C], C = S / 4.
    torch::Tensor patches(const torch::Tensor& images, const torch::Tensor& frames) const;
    /// The loss of the network that draws: the sum over the patches of `weights` times what each says.
    torch::Tensor generator_loss(const torch::Tensor& drawn, const torch::Tensor& recorded,
                                 const torch::Tensor& weights);
    /// The critic's own gradients for the same patches, to be averaged over processes before update().
    std::vector<torch::Tensor> gradients(const torch::Tensor& drawn, const torch::Tensor& recorded,
                                         const torch::Tensor& weights);
    void update(const torch::Tensor& learning_rate) { adam_.update(learning_rate); }

    void save(Archive& archive) const;
    void load(const Archive& archive);

  private:
    std::vector<torch::Tensor> judge(const torch::Tensor& patches);

    const FaceRegions& regions_;
    torch::Tensor mean_;
    double scale_;
    autograd::Parameters parameters_;
    autograd::Adam adam_;
};

}  // namespace vultus::image_training
