// The small speech encoder: audio to phonetic features of any voice.
#pragma once

#include "models/config.h"
#include "models/ops.h"

namespace vultus::models {

struct SpeechEncoderOutput {
    Value embedding;  ///< [B, ceil(T/2), embedding], each frame with mean 0 and variance 1
    Value features;   ///< [B, ceil(T/2), embedding (+ width)]: SpeechConfig::encoder_state beside it, alike
    Value phones;     ///< [B, ceil(T/2), num_phones], logits of audio::phone_name's phones
    Value loudness;   ///< [B, ceil(T/2), kLoudnessBands], in units of 10 dB below the speech's own level
    Value hidden;     ///< [B, ceil(T/2), width]: what all of these are read off
};

/// Bands of the loudness that the encoder tells beside the phones (what a phone's name does not say).
inline constexpr int kLoudnessBands = 4;

/// Convolutions that look far back and little ahead, so that it runs frame by frame: a stem to half the rate,
/// then blocks of a gated depthwise convolution and a feed-forward layer (the Conformer's, without
/// attention: Gulati et al. 2020, arXiv:2005.08100), phones and loudness read off one embedding.
/// Input    log-mel [B, T, num_mels] at 100 Hz, normalised per band; output frame k stands for row 2 k.
/// Reach    2 rows and `ahead_blocks` output frames of look-ahead.
/// Weights  PREFIX.stem.* PREFIX.block.N.* PREFIX.embedding.* PREFIX.phones.* PREFIX.loudness.*
/// state: SpeechConfig::encoder_state.
SpeechEncoderOutput speech_encoder(const Net& net, const SpeechEncoderConfig& config, const Value& log_mel,
                                   int state = 0);

/// The non-causal encoder of a cascade (cascaded encoders: Narayanan et al. 2021, arXiv:2010.14606), over the
/// first one's output: it hears what follows, too, for files, where a phone can wait. Gives logits [B,
/// ceil(T/2), num_phones]: what it tells, added to the first one's; those alone where the configuration has
/// no non_causal_blocks.
///
/// heard is what speech_encoder gave. Reach: non_causal_blocks * non_causal_kernel output frames before and
/// after. Weights: PREFIX.block.N.* PREFIX.norm.* PREFIX.phones.*
Value non_causal_phones(const Net& net, const SpeechEncoderConfig& config, const SpeechEncoderOutput& heard);

}  // namespace vultus::models
