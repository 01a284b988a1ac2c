// The second pass of `vultus prepare`: the fixed crop of one clip as video and tracks.
#pragma once

#include <functional>

#include "corpus/corpus.h"
#include "preparation/clip_measurement.h"

namespace vultus::preparation {

/// Landmarks, pose and validity in crop pixels. Frames whose landmarks leave the crop become invalid.
corpus::ClipTracks crop_tracks(const ClipMeasurement& measured, const corpus::Box& crop_px, int size_px);

/// A part of a recording that becomes a clip.
struct CropJob {
    int first_frame = 0, num_frames = 0;
    corpus::Box crop_px;
    std::filesystem::path video;
    std::function<void()> done;  ///< called once the video is complete
};

/// Decodes the recording again, once, and writes each job's crop (H.264 without sound). Jobs ascend and do
/// not overlap. tick: called once per written frame. Errors: kIo; kCorruptData when the file no longer gives
/// as many frames.
void encode_crops(const ClipMeasurement& recording, const std::vector<CropJob>& jobs, int size_px, int crf,
                  const std::function<void()>& tick);

}  // namespace vultus::preparation
