// The second pass of `vultus prepare`: the fixed crop of one clip as video and tracks.
#pragma once

#include <functional>

#include "corpus/corpus.h"
#include "preparation/clip_measurement.h"

namespace vultus::preparation {

/// Landmarks, pose and validity in crop pixels. Frames whose landmarks leave the crop and
/// those around jumps of the image become invalid.
corpus::ClipTracks crop_tracks(const ClipMeasurement& measured, const corpus::Box& crop_px, int size_px);

/// Decodes the source again and writes the crop to `video` (H.264 without sound).
/// tick: called once per frame. Errors: kIo; kCorruptData when the file no longer gives as many frames.
void encode_crop(const ClipMeasurement& measured, const corpus::Box& crop_px, int size_px, int crf,
                 const std::filesystem::path& video, const std::function<void()>& tick);

}  // namespace vultus::preparation
