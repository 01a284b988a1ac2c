// What a network that knows faces sees in a drawn one that it does not see in the recorded one.
#pragma once

#include "autograd/onnx_network.h"
#include "image_training/face_regions.h"

namespace vultus::image_training {

/// Source   Johnson et al. 2016, arXiv:1603.08155 (perceptual losses), with the trunk of the face mesh that
///          landmarks are found with (models/face/mesh.onnx) in the place of VGG.
/// Compute  for the face, and the mouth twice as large: mean |features of drawn - of recorded| in parts of
/// the
///          recorded ones' mean, added over layers; and how far the points of the mesh lie apart.
class FacePerception {
  public:
    /// regions: of all frames, finished. mean [1, 3, S, S] and scale make images of what the networks draw.
    FacePerception(const FaceRegions& regions, torch::Tensor mean, double scale, torch::Device device);

    /// drawn, recorded [B, 3, S, S] of `frames` [B]; weights [B]. 0-dimensional, with gradients to `drawn`.
    torch::Tensor difference(const torch::Tensor& drawn, const torch::Tensor& recorded,
                             const torch::Tensor& frames, const torch::Tensor& weights) const;

  private:
    torch::Tensor cut(const torch::Tensor& images, const torch::Tensor& frames, int view) const;
    torch::Tensor seen_differently(const torch::Tensor& drawn, const torch::Tensor& recorded, int view) const;

    torch::Tensor mean_;
    double scale_;
    torch::Tensor places_;  ///< [frames, views, 2, 3]: from a crop in -1..1 to px of the image
    autograd::OnnxNetwork trunk_;
};

}  // namespace vultus::image_training
