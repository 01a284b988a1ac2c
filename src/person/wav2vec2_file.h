// Published weights of wav2vec 2.0 and HuBERT, as Hugging Face's transformers saves them (safetensors).
#pragma once

#include <filesystem>
#include <string>

#include "models/config.h"
#include "tensor/archive.h"

namespace vultus::person {

struct Wav2Vec2Model {
    models::Wav2Vec2Config config;
    Archive weights;  ///< wav2vec2.*, as models::wav2vec2_hidden_states names them; dtypes as stored
};

/// Sizes come from the tensors' shapes; what shapes do not tell (strides, heads, where norms stand) from
/// config.json and preprocessor_config.json beside the file, or from what all published models have.
/// Tensors may be named wav2vec2.*, hubert.* or without prefix; heads beside the encoder are left out.
/// Errors: kIo; kCorruptData naming the tensor that is missing or of another shape, with what was expected;
/// kUnsupported for other architectures (naming what they have more) and PyTorch's pickled files.
Wav2Vec2Model load_wav2vec2(const std::filesystem::path& path);

/// True for a safetensors file that is no speech encoder of --stage phones: one for load_wav2vec2.
bool is_published_encoder(const std::filesystem::path& path);

}  // namespace vultus::person
