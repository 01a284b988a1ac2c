// Backgrounds that stand still.
#pragma once

#include "corpus/corpus.h"
#include "person/person.h"

namespace vultus::evaluation {

/// What a person draws about its mean image, where the recordings hardly change: mostly its own noise, which
/// is seen as flicker. Sets person.stats.steadiness to the share at each place that brings drawn frames of
/// the training clips nearest to the recorded ones, in least squares over neighbourhoods of a few pixels: 1
/// where the head moves, near 0 on a wall. Nothing is done without a mean image. Errors: kCancelled; those of
/// reading the clips.
void steady(person::Person& person, const corpus::Corpus& corpus, int num_threads);

}  // namespace vultus::evaluation
