// Evaluation of a person file.
#pragma once

#include "evaluation/eval.h"
#include "speaking/talker.h"

namespace vultus::evaluation {

/// Loads both, measures and writes the report as evaluate() does; returns its table.
/// look_ahead_frames: as LatentStream's.
/// Errors: as evaluate(), load_person() and load_corpus(); kInvalidArgument when the frame rates differ.
std::string evaluate_person(const std::filesystem::path& person, const std::filesystem::path& corpus,
                            const speaking::TalkerOptions& talker, const EvalOptions& options,
                            int look_ahead_frames = -1);

}  // namespace vultus::evaluation
