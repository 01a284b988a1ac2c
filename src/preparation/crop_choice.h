// One fixed square crop of head and shoulders per recording session.
#pragma once

#include <vector>

#include "corpus/corpus.h"

namespace vultus::preparation {

/// Extent of the 68 landmarks of one frame, px.
struct FaceExtent {
    double centre_x = 0, centre_y = 0, width = 0;
};

/// landmarks_px [68, 2].
FaceExtent face_extent(const float* landmarks_px);

/// Median of each member. Errors: kInternal when empty.
FaceExtent median_extent(const std::vector<FaceExtent>& faces);

/// The landmarks span about a third of the crop: head, neck and shoulders are in.
inline constexpr double kCropInFaceWidths = 3.0;

/// Square of kCropInFaceWidths median face widths, at most the image, centred on the median landmarks and
/// shifted into the image; whole pixels, even side.
corpus::Box choose_crop(const FaceExtent& face, int width_px, int height_px);

/// Box around the mouth landmarks (48..67) of the session: 1st to 99th percentile of their extents plus a
/// margin of a tenth of its width, clamped to the crop. landmarks_px: frames of [68, 2] in crop pixels.
corpus::Box mouth_box(const std::vector<const float*>& landmarks_px, int size_px);

/// Whether all landmarks lie inside the crop (crop pixels).
bool inside_crop(const float* landmarks_px, int size_px);

}  // namespace vultus::preparation
