// How the head moves, from the fields that the C API's option structs share.
#pragma once

#include <cmath>

#include "base/error.h"
#include "speaking/talker.h"
#include "vultus/vultus.h"

namespace vultus::api {

constexpr std::size_t kMostPoses = 10000000;

template <typename Options>
speaking::PoseOptions pose_options(const Options& options) {
    if (options.head != VULTUS_HEAD_MODEL && options.head != VULTUS_HEAD_STILL)
        fail(ErrorCode::kInvalidArgument, "[api] head: expected model or still, got {}", options.head);
    if (!(options.head_scale >= 0 && options.head_scale <= 3))
        fail(ErrorCode::kInvalidArgument, "[api] head_scale: expected 0 to 3, got {}", options.head_scale);
    if ((options.pose_deg == nullptr) != (options.num_poses == 0) || options.num_poses > kMostPoses)
        fail(ErrorCode::kInvalidArgument, "[api] pose_deg: expected 1 to {} rows or null and 0, got {} rows",
             kMostPoses, options.num_poses);
    speaking::PoseOptions pose;
    pose.source = options.head == VULTUS_HEAD_STILL ? speaking::PoseOptions::Source::kStill
                                                    : speaking::PoseOptions::Source::kModel;
    pose.scale = options.head_scale;
    pose.idle_motion = options.idle_motion != 0;
    pose.blinks = options.blinks != 0;
    if (options.pose_deg == nullptr) return pose;
    pose.source = speaking::PoseOptions::Source::kTrack;
    pose.track_deg.assign(options.pose_deg, options.pose_deg + 3 * options.num_poses);
    for (std::size_t i = 0; i < pose.track_deg.size(); ++i)
        if (!std::isfinite(pose.track_deg[i]))
            fail(ErrorCode::kInvalidArgument, "[api] pose_deg: expected finite angles, got {} in row {}",
                 pose.track_deg[i], i / 3);
    return pose;
}

}  // namespace vultus::api
