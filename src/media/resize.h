// Crops and scales.
#pragma once

#include "corpus/corpus.h"
#include "media/image.h"

namespace vultus::media {

/// The image inside `crop_px` (may be fractional; outside the image the edge is repeated) at
/// size_px x size_px, through a cubic filter that widens with the scale when shrinking (no aliasing).
/// Errors: kInvalidArgument for an empty crop or image.
Image crop_and_resize(const Image& image, const corpus::Box& crop_px, int size_px);
/// The same into an existing image.
void crop_and_resize(const Image& image, const corpus::Box& crop_px, int size_px, Image& out);
/// The whole image at size_px x size_px.
void resize(const Image& image, int size_px, Image& out);

}  // namespace vultus::media
