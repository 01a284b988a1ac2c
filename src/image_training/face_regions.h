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
    /// Mean and spread of the shapes seen so far become 0 and 1.
    void normalise_shapes();

    /// [B, 1, S, S]: 1, and towards `mouth` and `eyes` at and softly around them.
    torch::Tensor region_weights(const std::vector<std::int64_t>& frames, double mouth, double eyes) const;
    /// [B, kShapeValues]: mouth and eyes, each about its own centre, in inter-ocular distances, normalised.
    torch::Tensor shapes(const std::vector<std::int64_t>& frames) const;
    /// Top left corner of a square of `side_px` around each patch, inside the image: x, y.
    std::array<std::array<std::int64_t, 2>, kPatches> corners(std::int64_t frame, int side_px) const;

  private:
    struct Face {
        corpus::Box mouth, left_eye, right_eye;  ///< pixels of the image
        std::array<float, kShapeValues> shape;
    };
    void raise(float* map, const corpus::Box& box, double extra) const;

    int size_px_;
    std::map<std::int64_t, Face> faces_;
    std::vector<double> shape_mean_, shape_std_;
};

}  // namespace vultus::image_training
