// The look of a picture outside the head, as a grid of colours: how unlike two moments are.
#pragma once

#include <vector>

#include "preparation/clip_measurement.h"
#include "preparation/crop_choice.h"

namespace vultus::preparation {

using Cells = std::vector<float>;  ///< [kCellRows, kCellColumns, 3]

/// The cells that the head (landmarks, hair and some room to move) does not cover,
/// [kCellRows * kCellColumns].
std::vector<bool> cells_outside_head(const FaceExtent& face, int width_px, int height_px);

/// Median of the colours of frames first, first + step, ... < end.
Cells median_cells(const ClipMeasurement& clip, int first, int end, int step = 1);

/// Robust spread of a look over the picture: what a difference of colours has to be compared with.
double contrast_of(const Cells& look, const std::vector<bool>& outside);

/// Share of the cells outside the head whose colour differs by more than `levels`, up to a third more or
/// less light.
double share_unlike(const std::uint8_t* cells, const Cells& look, const std::vector<bool>& outside,
                    double levels);

/// Mean difference outside the head, grey levels.
double look_distance(const Cells& a, const Cells& b, const std::vector<bool>& outside);

double median_of(std::vector<double> values);
/// Median absolute deviation, scaled to a normal distribution's standard deviation.
double spread_of(const std::vector<double>& values, double median);

}  // namespace vultus::preparation
