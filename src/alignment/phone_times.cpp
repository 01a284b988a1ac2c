#include "alignment/phone_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "alignment/frame_path.h"
#include "alignment/frame_scores.h"
#include "alignment/text_hint.h"
#include "alignment/word_graph.h"
#include "audio/phones.h"
#include "base/error.h"
#include "corpus/speech_corpus.h"
#include "pronunciation/text_words.h"

namespace vultus::alignment {
namespace {

/// Frames times states that are searched without a beam (12 bytes each): a minute of speech and its text.
constexpr std::size_t kExhaustible = 30'000'000;
/// A word that fits worse may be stretched over others: is the text a hint, it is looked at more closely.
constexpr double kDoubtfulFit = -1.5;

/// The whole text is said as far as one can tell: it needs more to say otherwise.
constexpr HintCosts kCostsOfDoubt{.gap = 25, .skip = 15};

bool is_doubtful(const PhoneTimes& times) {
    return std::any_of(times.words.begin(), times.words.end(),
                       [](const WordSegment& word) { return word.fit < kDoubtfulFit; });
}

/// Scores of the phones at every part of a frame, one row at a time: a phone by itself and by all that look
/// like it, which are what lips need to know; between frames a line. All parts of a frame together weigh as
/// much as the frame.
class PartScores {
  public:
    PartScores(const std::vector<float>& log_posteriors, std::size_t frames, double lookalike_weight)
        : log_posteriors_(log_posteriors), frames_(frames), weight_(lookalike_weight) {}

    const float* operator()(std::size_t part) {
        const double at = std::clamp((static_cast<double>(part) + 0.5) / kParts - 0.5, 0.0,
                                     static_cast<double>(frames_ - 1));
        const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, frames_ - 1);
        const auto share = static_cast<float>(at - static_cast<double>(low));
        const Row& before = of_frame(low);
        const Row& after = of_frame(high);
        for (std::size_t k = 0; k < row_.size(); ++k)
            row_[k] = ((1 - share) * before[k] + share * after[k]) / kParts;
        return row_.data();
    }

  private:
    using Row = std::array<float, audio::kNumPhones>;

    /// Neighbours are asked for again and again: the last two stay.
    const Row& of_frame(std::size_t frame) {
        Row& row = kept_[frame % 2];
        if (kept_frames_[frame % 2] == frame) return row;
        kept_frames_[frame % 2] = frame;
        lookalike_scores(log_posteriors_, frame, weight_, row.data());
        return row;
    }

    const std::vector<float>& log_posteriors_;
    std::size_t frames_;
    double weight_;
    std::array<Row, 2> kept_{};
    std::array<std::size_t, 2> kept_frames_{std::size_t(-1), std::size_t(-1)};
    Row row_{};
};

/// Where the recogniser hears something else than the text; empty: nowhere.
std::string misfit(const PhoneTimes& times, const std::vector<double>& pause_fits,
                   const AlignOptions& options) {
    if (!times.words.empty() && pause_fits[0] < options.worst_fit)
        return fmt::format("from its beginning on: something else is said before '{}' (word {}) at {:.2f} s",
                           times.words[0].word, times.words[0].index + 1, times.words[0].start_s);
    const auto from = [&](double at_s, const char* where, std::size_t word) {
        return fmt::format("from {:.2f} s on, {} '{}' (word {})", at_s, where, times.words[word].word,
                           times.words[word].index + 1);
    };
    std::size_t misfits = 0;
    for (std::size_t i = 0; i < times.words.size(); ++i) {
        misfits = times.words[i].fit < options.worst_fit ? misfits + 1 : 0;
        // One word may be said in a way that no dictionary knows; two in a row, or a text of one word, are
        // not.
        const std::size_t first = i + 1 - misfits;
        if (misfits >= std::min<std::size_t>(2, times.words.size()))
            return from(times.words[first].start_s, "at", first);
        if (pause_fits[i + 1] < options.worst_fit) return from(times.words[i].end_s, "after", i);
    }
    return "";
}

/// Those whose words somebody can say.
SpokenWord::Slot known_readings(const pronunciation::Readings& readings,
                                pronunciation::Pronouncer& pronouncer) {
    SpokenWord::Slot slot;
    for (const pronunciation::Reading& reading : readings) {
        SpokenWord::Reading said;
        for (const std::string& word : reading) said.push_back(pronouncer.ways_to_say(word));
        if (std::none_of(said.begin(), said.end(), [](const auto& ways) { return ways.empty(); }))
            slot.push_back(std::move(said));
    }
    return slot;
}

}  // namespace

std::vector<corpus::PhoneSpan> phone_spans(const PhoneTimes& times, std::int64_t num_samples) {
    std::vector<corpus::PhoneSpan> spans;
    for (const PhoneSegment& phone : times.phones)
        spans.push_back({std::llround(phone.start_s * corpus::kSpeechRateHz),
                         std::llround(phone.end_s * corpus::kSpeechRateHz), phone.phone});
    if (!spans.empty()) spans.back().end_sample = num_samples;
    return spans;
}

PhoneTimes decode_phones(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                         const DecodeOptions& options) {
    const std::size_t frames = checked_frames(log_posteriors, num_samples);
    const std::vector<int> path =
        free_path(frames * kParts, std::max(options.min_frames, 1) * kParts, options.change_penalty,
                  PartScores(log_posteriors, frames, options.lookalike_weight));
    PhoneTimes times;
    times.duration_s = static_cast<double>(num_samples) / corpus::kSpeechRateHz;
    for (std::size_t t = 0; t < path.size(); ++t)
        if (t == 0 || path[t] != path[t - 1])
            times.phones.push_back({part_begin_s(t), times.duration_s, path[t]});
    for (std::size_t i = 0; i + 1 < times.phones.size(); ++i)
        times.phones[i].end_s = times.phones[i + 1].start_s;
    return times;
}

std::vector<SpokenWord> spoken_words(const std::string& text, pronunciation::Pronouncer& pronouncer,
                                     bool all) {
    std::vector<SpokenWord> words;
    std::string unknown;
    bool any_known = false;
    for (pronunciation::TextWord& written : pronunciation::text_words(text, pronouncer.language().tag)) {
        SpokenWord word{.word = std::move(written.written), .ways = {}};
        for (const pronunciation::Readings& readings : written.slots)
            word.slots.push_back(known_readings(readings, pronouncer));
        word.known =
            std::none_of(word.slots.begin(), word.slots.end(), [](const auto& slot) { return slot.empty(); });
        if (!word.known) {
            if (unknown.empty()) unknown = word.word;
            word.slots = {{SpokenWord::Reading()}};
        }
        any_known = any_known || word.known;
        word.begin_char = written.begin_char;
        word.end_char = written.end_char;
        word.shown = std::move(written.shown);
        word.optional_until = written.optional_until;
        words.push_back(std::move(word));
    }
    if (words.empty()) fail(ErrorCode::kInvalidArgument, "[alignment] the text: expected words, got none");
    if (!unknown.empty() && (all || !any_known))
        fail(ErrorCode::kInvalidArgument,
             "[alignment] no way to say '{}' is known: add it to a dictionary, or install espeak-ng{} to "
             "guess it",
             unknown, pronouncer.language().code == "ja" ? " and MeCab (libmecab2, mecab-ipadic-utf8)" : "");
    return words;
}

PhoneTimes align_phones(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                        const std::vector<SpokenWord>& words, const AlignOptions& options) {
    const std::size_t frames = checked_frames(log_posteriors, num_samples);
    const WordGraph graph(words);
    if (frames < graph.shortest_frames()) {
        if (!options.exact) return align_hint(log_posteriors, num_samples, words, HintCosts());
        fail(ErrorCode::kInvalidArgument,
             "[alignment] the text does not match the sound: {} words need {:.2f} s or more, the sound has "
             "{:.2f} s",
             words.size(), static_cast<double>(graph.shortest_frames()) / kPosteriorRateHz,
             static_cast<double>(num_samples) / corpus::kSpeechRateHz);
    }
    const auto score = [&](std::size_t t, int phone) { return score_of(log_posteriors, t, phone); };
    WordGraph::Path found = graph.best_path(frames, score, {.nats = options.beam});
    if (!found.whole && frames * graph.num_states() <= kExhaustible)
        found = graph.best_path(frames, score, {.nats = std::numeric_limits<double>::infinity()});
    std::vector<FrameState> path;
    for (const int state : found.states) path.push_back({state, graph.phone(state), graph.word(state)});
    std::vector<double> pause_fits;
    PhoneTimes times = times_of_path(
        path, [&](int word) { return words[static_cast<std::size_t>(word)].word; }, log_posteriors,
        num_samples, &pause_fits);
    std::string wrong = misfit(times, pause_fits, options);
    if (wrong.empty() && !found.whole)
        wrong = fmt::format(": it ends at {:.2f} s in word {} of {}", times.duration_s,
                            times.words.empty() ? 0 : times.words.back().index + 1, words.size());
    if (!options.exact && (!wrong.empty() || is_doubtful(times)))
        return align_hint(log_posteriors, num_samples, words, wrong.empty() ? kCostsOfDoubt : HintCosts());
    if (!wrong.empty())
        fail(ErrorCode::kInvalidArgument, "[alignment] the text does not match the sound{}{}",
             wrong[0] == ':' ? "" : " ", wrong);
    add_places(words, times);
    return times;
}

}  // namespace vultus::alignment
