// Unpacks a corpus's clips into the flat file of frames that the trainer reads.
#pragma once

#include "corpus/corpus.h"

namespace vultus::unpacking {

/// Writes corpus::frame_cache_path(corpus, size_px) unless a complete one is there already.
/// Errors: kIo (full disk), kCorruptData (a clip has not the frames that the corpus says), kCancelled.
void unpack_frames(const corpus::Corpus& corpus, int size_px);

}  // namespace vultus::unpacking
