// Phones with times, from what a recogniser thinks of every 20 ms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "corpus/speech_corpus.h"
#include "pronunciation/pronouncer.h"

namespace vultus::alignment {

struct PhoneSegment {
    double start_s = 0, end_s = 0;
    int phone = 0;  ///< audio/phones.h
};

struct WordSegment {
    double start_s = 0, end_s = 0;
    std::string word;
    /// Mean over its frames of log(posterior of its phones) - log(posterior of the phones that free decoding
    /// finds); 0: the recogniser hears just these phones.
    double fit = 0;
    int index = -1;                            ///< of the text's words; -1 where there is no text
    std::size_t begin_char = 0, end_char = 0;  ///< its place in the text, in characters (code points)
    std::string shown = {};                    ///< with its punctuation, as captions have it
};

/// Speech that the text lacks.
struct TextGap {
    double start_s = 0, end_s = 0;
    double sure = 0;  ///< 0..1: that somebody speaks there
};

/// A word of the text that is not said.
struct UnsaidWord {
    std::string word;
    int index = 0;  ///< of the text's words
    std::size_t begin_char = 0, end_char = 0;
    double at_s = 0;    ///< where it would be
    double sure = 0;    ///< 0..1
    bool known = true;  ///< false: nothing told how it is said
};

/// All lists are in order; phones cover 0..duration_s without gaps, words leave the pauses out.
struct PhoneTimes {
    double duration_s = 0;
    std::vector<PhoneSegment> phones;
    std::vector<WordSegment> words;  ///< empty when nobody asked for words
    std::vector<TextGap> gaps;       ///< where the text is a hint, as `unsaid`
    std::vector<UnsaidWord> unsaid;
    std::string language;  ///< of the text, BCP 47; empty without a text
};

/// The phones in samples at 16 kHz, the last one up to num_samples.
std::vector<corpus::PhoneSpan> phone_spans(const PhoneTimes& times, std::int64_t num_samples);

struct DecodeOptions {
    int min_frames = 2;           ///< of a phone
    double change_penalty = 1.0;  ///< nats for each new phone: how much evidence it needs
    /// 0..1: how much the phones that look alike decide together, before which of them it is.
    double lookalike_weight = 0.8;
};

/// The likeliest phones (Viterbi), in steps of 10 ms. Posteriors come at 50 Hz: frame t is centred on
/// t * 20 ms (PhoneRecognizer). log_posteriors [T * 40], T = ceil(samples / 320).
/// Errors: kInvalidArgument for another size or values that are no logarithms of probabilities (NaN, above
/// 0.01). Polls cancellation.
PhoneTimes decode_phones(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                         const DecodeOptions& options = {});

/// A word of a text and how it may be said.
struct SpokenWord {
    using Ways = std::vector<pronunciation::Pronunciations::Phones>;
    using Reading = std::vector<Ways>;  ///< words that are said one after the other; none: nothing is said
    using Slot = std::vector<Reading>;  ///< one of these is said

    std::string word;
    Ways ways;                     ///< to say it as one word; at least one
    std::vector<Slot> slots = {};  ///< instead of `ways`: one after the other
    std::size_t begin_char = 0, end_char = 0;
    std::string shown = {};
    std::size_t optional_until = 0;  ///< as TextWord's
    bool known = true;               ///< false: nothing told how it is said, and it is taken for not said
};

/// The words of a text in the pronouncer's language with their ways (pronunciation/text_words.h). Errors:
/// kInvalidArgument when the text has no words or nothing says how a word is said, or any of them unless
/// `all`; the line names the word.
std::vector<SpokenWord> spoken_words(const std::string& text, pronunciation::Pronouncer& pronouncer,
                                     bool all = true);

struct AlignOptions {
    /// A word or pause that fits worse than this is not what the recogniser hears.
    double worst_fit = -2.5;
    double beam = 150;  ///< nats; hypotheses behind the best by more are given up
    /// Else the text is a hint: PhoneTimes' gaps and unsaid tell where it leaves the sound.
    bool exact = true;
};

/// Phones and words where the text is said (Viterbi over all pronunciations, silence between words where it
/// is). Errors: as decode_phones; kInvalidArgument when the text does not match the sound, exactly or at all:
/// the line says from which word and time on.
PhoneTimes align_phones(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                        const std::vector<SpokenWord>& words, const AlignOptions& options = {});

}  // namespace vultus::alignment
