// The straight line that every speech network starts from.
#pragma once

#include "speech_training/speech_examples.h"
#include "tensor/archive.h"

namespace vultus::speech_training {

/// Ridge regression from speech features (three rows about each video frame, standardised, lambda 3000) and
/// head pose to normalised latents, over valid frames, as the weights of SpeechConfig::linear_path:
/// PREFIX.out.audio.weight [D, width, 3], PREFIX.out.audio.bias [D], PREFIX.out.pose.weight [D, 3] and .bias
/// [D]. Features spoilt by noise are learnt from, too, so that the line holds outside a quiet room. The lips,
/// read off the latents by `lips` [D, 2], follow the recorded lips by the speech alone: in a minute, lips and
/// pose go together by chance.
Archive fit_linear_path(const std::vector<SpeechExample>& examples, const torch::Tensor& lips,
                        const std::string& prefix);

}  // namespace vultus::speech_training
