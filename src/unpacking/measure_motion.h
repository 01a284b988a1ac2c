// How the frames of a corpus come from a few of them.
#pragma once

#include "corpus/corpus.h"

namespace vultus::unpacking {

/// Chooses reference frames among those that are learnt from, as different as there are in head and lips, and
/// writes corpus/motion_cache.h's file unless it is there: dense inverse search (Kroeger et al. 2016,
/// arXiv:1603.03590) from every kept frame to each of them. Needs the unpacked frames. Nothing is done for
/// images smaller than 256 px, which are too small to measure motion in.
/// Errors: those of corpus::FrameCache; kIo; kCancelled.
void measure_motion(const corpus::Corpus& corpus, int size_px);

}  // namespace vultus::unpacking
