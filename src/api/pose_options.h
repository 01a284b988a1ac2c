// How the head moves, from the fields that the C API's option structs share.
#pragma once

#include "base/error.h"
#include "pipeline/talker.h"
#include "vultus/vultus.h"

namespace vultus::api {

template <typename Options>
pipeline::PoseOptions pose_options(const Options& options) {
    if (options.head != VULTUS_HEAD_MODEL && options.head != VULTUS_HEAD_STILL)
        fail(ErrorCode::kInvalidArgument, "[api] head: expected model or still, got {}", options.head);
    if (!(options.head_scale >= 0 && options.head_scale <= 3))
        fail(ErrorCode::kInvalidArgument, "[api] head_scale: expected 0 to 3, got {}", options.head_scale);
    pipeline::PoseOptions pose;
    pose.source = options.head == VULTUS_HEAD_STILL ? pipeline::PoseOptions::Source::kStill
                                                    : pipeline::PoseOptions::Source::kModel;
    pose.scale = options.head_scale;
    pose.idle_motion = options.idle_motion != 0;
    pose.blinks = options.blinks != 0;
    return pose;
}

}  // namespace vultus::api
