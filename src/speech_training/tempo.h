// Speech said faster here and slower there, audio and face alike.
#pragma once

#include <torch/torch.h>

#include "base/rng.h"

namespace vultus::speech_training {

/// [num_frames]: the recorded frame, as a fraction, that each frame of a varied piece shows. Starts at 0,
/// ends at num_frames - 1, and in between runs at up to `most` (e.g. 0.25: a quarter) faster or slower,
/// changing every half second or so.
torch::Tensor draw_tempo(std::int64_t num_frames, double most, Rng& rng);

/// rows [T, W] at fractional positions [N], linear between neighbours, held at the ends; result [N, W].
torch::Tensor rows_at(const torch::Tensor& rows, const torch::Tensor& positions);

/// The same tempo for rows that come `rate` to a frame; row r stands at frame r / rate. [num_frames * rate].
torch::Tensor tempo_of_rows(const torch::Tensor& tempo, std::int64_t rate);

}  // namespace vultus::speech_training
