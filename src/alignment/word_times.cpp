#include "alignment/word_times.h"

#include <array>
#include <cmath>

#include "alignment/frame_scores.h"
#include "audio/phones.h"
#include "base/error.h"

namespace vultus::alignment {
namespace {

/// A state for each frame: the how-manieth phone.
std::vector<FrameState> path_of(const SearchResult& found, std::size_t frames) {
    std::vector<FrameState> path(frames);
    for (std::size_t k = 0; k < found.phones.size(); ++k) {
        const SearchedPhone& phone = found.phones[k];
        const std::size_t end =
            k + 1 < found.phones.size() ? static_cast<std::size_t>(found.phones[k + 1].frame) : frames;
        for (auto t = static_cast<std::size_t>(phone.frame); t < end; ++t)
            path[t] = {static_cast<int>(k), phone.phone, phone.word};
    }
    return path;
}

}  // namespace

WordRecognizer::WordRecognizer(const std::filesystem::path& dictionary,
                               const std::filesystem::path& language_model)
    : WordRecognizer(pronunciation::Pronunciations(pronunciation::given_or_usual(
                         dictionary, pronunciation::Pronunciations::usual_place(),
                         "pronouncing dictionary of CMUdict's kind")),
                     language_model) {}

WordRecognizer::WordRecognizer(const pronunciation::Pronunciations& dictionary,
                               const std::filesystem::path& language_model)
    : model_(pronunciation::given_or_usual(language_model, pronunciation::NgramModel::usual_place(),
                                           "language model")),
      tree_(model_, dictionary) {}

PhoneTimes WordRecognizer::operator()(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                                      const std::vector<float>& phone_share,
                                      const WordOptions& options) const {
    const std::size_t frames = checked_frames(log_posteriors, num_samples);
    require(phone_share.empty() || phone_share.size() == audio::kNumPhones,
            "{} phones in the encoder's shares", phone_share.size());
    std::array<float, audio::kNumPhones> priors{}, row{};
    // Not silence: how much of a sound it is says nothing about which word it is.
    for (std::size_t phone = audio::kSilence + 1; phone < phone_share.size(); ++phone)
        priors[phone] = static_cast<float>(options.prior_weight * std::log(phone_share[phone]));
    const SearchResult found = search_words(
        model_, tree_, frames,
        [&](std::size_t t) {
            lookalike_scores(log_posteriors, t, options.lookalike_weight, row.data());
            for (std::size_t phone = 0; phone < row.size(); ++phone) row[phone] -= priors[phone];
            return row.data();
        },
        options.search);
    PhoneTimes times = times_of_path(
        path_of(found, frames),
        [&](int word) { return model_.word(found.words[static_cast<std::size_t>(word)]); }, log_posteriors,
        num_samples, nullptr);
    for (WordSegment& word : times.words) word.index = -1;  // there is no text
    return times;
}

}  // namespace vultus::alignment
