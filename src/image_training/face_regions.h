// Where the mouth and the eyes of every frame are, and what shape they have.
#pragma once

#include <torch/torch.h>

#include <array>
#include <map>
#include <vector>

#include "corpus/corpus.h"

namespace vultus::image_training {

class FaceRegions {
  public:
    /// Mouth 20 and eyes 12 points, x and y.
    static constexpr int kShapeValues = 64;
    /// What the critic looks at: the mouth, both eyes.
    static constexpr int kPatches = 2;

    explicit FaceRegions(int size_px) : size_px_(size_px) {}

    /// landmarks_px [68, 2] times `factor` gives pixels of the image.
    void add(std::int64_t frame, const float* landmarks_px, double factor);
    /// After the last add(): mean and spread of the shapes become 0 and 1, and everything goes to the device.
    void finish(torch::Device device);

    // Of frames [B], int64, of the device:

    /// [B, 1, S, S]: 1, and towards `mouth` and `eyes` at and softly around them.
    torch::Tensor region_weights(const torch::Tensor& frames, double mouth, double eyes) const;
    /// [B, kShapeValues]: mouth and eyes, each about its own centre, in inter-ocular distances, normalised.
    torch::Tensor shapes(const torch::Tensor& frames) const { return shapes_.index_select(0, frames); }
    /// [frames, kPatches, 2], float64: centres (x, y) of the patches, of all frames up to the last known one.
    const torch::Tensor& centres() const { return centres_; }
    /// [B, kPatches, 2], int64: top left corner (x, y) of a square of `side_px` around each patch, inside the
    /// image.
    torch::Tensor corners(const torch::Tensor& frames, std::int64_t side_px) const;

  private:
    struct Face {
        corpus::Box mouth, left_eye, right_eye;  ///< pixels of the image
        std::array<float, kShapeValues> shape;
    };

    int size_px_;
    std::map<std::int64_t, Face> faces_;  ///< until finish()
    torch::Tensor boxes_;                 ///< [frames, 3, 4]: mouth, left, right eye; x, y, width, height
    torch::Tensor centres_;               ///< [frames, kPatches, 2], float64
    torch::Tensor shapes_;                ///< [frames, kShapeValues]
};

}  // namespace vultus::image_training
