#include "preparation/encode_clip.h"

#include <algorithm>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "face/head_pose.h"
#include "media/resize.h"
#include "media/video_reader.h"
#include "media/video_writer.h"
#include "preparation/crop_choice.h"
#include "preparation/read_ahead.h"

namespace vultus::preparation {

corpus::ClipTracks crop_tracks(const ClipMeasurement& measured, const corpus::Box& crop_px, int size_px) {
    corpus::ClipTracks tracks;
    tracks.audio = measured.audio;
    tracks.valid = measured.valid;
    tracks.landmarks_px.resize(measured.landmarks_px.size());
    tracks.pose_deg.resize(std::size_t{3} * measured.num_frames());
    const double scale = size_px / crop_px.width;
    for (int t = 0; t < measured.num_frames(); ++t) {
        const float* from = measured.landmarks_px.data() + 136 * t;
        float* to = tracks.landmarks_px.data() + 136 * t;
        for (int k = 0; k < corpus::kNumLandmarks; ++k) {
            // Landmarks count from the centre of the first pixel, crops from its corner.
            to[2 * k] = static_cast<float>((from[2 * k] + 0.5 - crop_px.x) * scale - 0.5);
            to[2 * k + 1] = static_cast<float>((from[2 * k + 1] + 0.5 - crop_px.y) * scale - 0.5);
        }
        if (!inside_crop(to, size_px)) tracks.valid[t] = 0;
        const face::HeadPose pose = face::estimate_head_pose(to, size_px, size_px);
        tracks.pose_deg[3 * t] = static_cast<float>(pose.yaw_deg);
        tracks.pose_deg[3 * t + 1] = static_cast<float>(pose.pitch_deg);
        tracks.pose_deg[3 * t + 2] = static_cast<float>(pose.roll_deg);
    }
    return tracks;
}

namespace {

void encode_one(media::VideoReader& reader, const ClipMeasurement& recording, const CropJob& job, int size_px,
                int crf, const std::function<void()>& tick) {
    OutputFile output(job.video);
    media::VideoWriterOptions options;
    options.width = options.height = size_px;
    options.fps_num = recording.fps_num;
    options.fps_den = recording.fps_den;
    options.crf = crf;
    options.preset = "veryfast";  // four times as fast as medium for 1 dB of 44
    media::VideoWriter writer(output.temporary(), options);
    media::Image image, crop;
    int frames = 0;
    ReadAhead pictures(reader, job.num_frames);
    for (; frames < job.num_frames && pictures.read(image); ++frames) {
        throw_if_cancelled();
        media::crop_and_resize(image, job.crop_px, size_px, crop);
        writer.write_frame(crop.rgb.data());
        tick();
    }
    if (frames != job.num_frames) {
        fail(ErrorCode::kCorruptData, "[prepare] {}: expected {} frames as measured, got {}",
             recording.source.string(), job.first_frame + job.num_frames, job.first_frame + frames);
    }
    writer.finish();
    output.commit();
}

}  // namespace

void encode_crops(const ClipMeasurement& recording, const std::vector<CropJob>& jobs, int size_px, int crf,
                  const std::function<void()>& tick) {
    const bool large = std::any_of(jobs.begin(), jobs.end(), [&](const CropJob& job) {
        return job.crop_px.width < 2.0 * size_px || job.crop_px.height < 2.0 * size_px;
    });
    media::VideoReader reader(recording.source, {recording.fps_num, recording.fps_den, 1,
                                                 large ? media::Colours::kExact : media::Colours::kLinear});
    int at = 0;
    for (const CropJob& job : jobs) {
        for (; at < job.first_frame && reader.skip(); ++at) throw_if_cancelled();
        encode_one(reader, recording, job, size_px, crf, tick);
        at += job.num_frames;
        job.done();
    }
}

}  // namespace vultus::preparation
