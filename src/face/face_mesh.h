// The points of a face in a cropped picture: MediaPipe's Face Mesh with attention.
#pragma once

#include <array>
#include <memory>
#include <opencv2/core/types.hpp>

namespace cv {
class Mat;
}

namespace vultus::face {

inline constexpr int kMeshCropPx = 192;

struct FaceMesh {
    /// px of the crop, pixel centres at .5; lips and eyes looked at twice
    std::array<cv::Point2f, 468> points;
    double presence = 0;  ///< 0 to 1: how surely there is a face

    /// The nearest to iBUG 300-W's 68, in its order.
    std::array<cv::Point2f, 68> landmarks() const;
};

/// Source   Kartynnik et al. 2019, arXiv:1907.06724 (mesh);
///          Grishchenko et al. 2020, arXiv:2006.10962 (attention)
/// Weights  models/face/*.onnx, made by tools/face_mesh_onnx.py from a package under Apache-2.0
/// Compute  mesh, presence, features = trunk(crop);
///          for lips and each eye: points = head(window), a piece of the features around its points of the
///          mesh, turned upright, 1.5 times as large
/// Threads  one caller at a time. Errors: kIo where a file is missing, kCorruptData where it is no network.
class FaceMeshFinder {
  public:
    FaceMeshFinder();
    ~FaceMeshFinder();

    /// crop: RGB, 8 bits, kMeshCropPx x kMeshCropPx; the face upright and about 2/3 of it wide or high.
    FaceMesh find(const cv::Mat& crop);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::face
