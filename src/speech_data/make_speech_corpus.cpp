#include "speech_data/make_speech_corpus.h"

#include <map>

#include "base/error.h"
#include "base/progress.h"
#include "pronunciation/pronunciations.h"
#include "speech_data/speech_recordings.h"
#include "speech_data/speech_voices.h"
#include "speech_data/spoken_list.h"

namespace vultus::speech_data {
namespace {

constexpr double kShareOfFlite = 0.34, kShareOfFestival = 0.19, kShareOfEnglishEspeak = 0.22,
                 kShareOfLanguages = 0.25;
constexpr std::uint64_t kValidationEvery = 25;
constexpr double kMaxClipS = 20;

/// Adds clips of one kind until there is enough of it.
class Quota {
  public:
    Quota(corpus::SpeechCorpusWriter& writer, const char* kind, double seconds)
        : writer_(writer),
          kind_(kind),
          seconds_(seconds),
          progress_(kind, "s", static_cast<std::int64_t>(seconds)) {}

    bool take(LabelledSpeech speech) {
        const double length_s = static_cast<double>(speech.audio.size()) / corpus::kSpeechRateHz;
        if (speech.audio.empty() || length_s > kMaxClipS) return true;
        corpus::SpeechClip clip;
        clip.name = fmt::format("{}-{:05}", kind_, count_);
        // By language, so that each has some; the sentences are all different.
        clip.validation = ++of_language_[speech.language] % kValidationEvery == 0;
        ++count_;
        clip.voice = std::move(speech.voice);
        clip.language = std::move(speech.language);
        clip.text = std::move(speech.text);
        clip.phones = std::move(speech.phones);
        writer_.add(std::move(clip), speech.audio);
        done_s_ += length_s;
        progress_.update(static_cast<std::int64_t>(done_s_));
        return done_s_ < seconds_;
    }

  private:
    corpus::SpeechCorpusWriter& writer_;
    const char* kind_;
    double seconds_, done_s_ = 0;
    std::uint64_t count_ = 0;
    std::map<std::string, std::uint64_t> of_language_;
    Progress progress_;
};

std::vector<std::string> more_words() {
    const std::filesystem::path place = pronunciation::Pronunciations::usual_place();
    if (place.empty()) return {};
    return pronunciation::Pronunciations(place).plain_words();
}

int add_synthetic(corpus::SpeechCorpusWriter& writer, const SpeechCorpusOptions& options) {
    SentenceSource text(options.seed, more_words());
    Rng rng(options.seed + 1);
    const double seconds = options.hours * 3600;
    int sources = 0;
    const auto with = [&](const char* kind, double share, auto&& speak) {
        Quota quota(writer, kind, seconds * share);
        sources += speak([&](LabelledSpeech speech) { return quota.take(std::move(speech)); }) ? 1 : 0;
    };
    with("flite", kShareOfFlite, [&](auto&& take) { return speak_with_flite(text, rng, take); });
    with("festival", kShareOfFestival, [&](auto&& take) { return speak_with_festival(text, rng, take); });
    with("espeak", kShareOfEnglishEspeak,
         [&](auto&& take) { return speak_with_espeak({"en"}, text, rng, take); });
    with("languages", kShareOfLanguages,
         [&](auto&& take) { return speak_with_espeak(SentenceSource::languages(), text, rng, take); });
    return sources;
}

}  // namespace

void make_speech_corpus(const std::filesystem::path& out, const SpeechCorpusOptions& options) {
    corpus::SpeechCorpusWriter writer(out);
    const TakeClip take = [&](corpus::SpeechClip clip, std::vector<float> audio) {
        writer.add(std::move(clip), audio);
    };
    // Recordings first: what is wrong with them shows at once.
    for (const auto& json : options.labelled) take_hand_labelled(json, take);
    for (const auto& folder : options.transcribed) take_transcribed(folder, take);
    for (const auto& list : options.spoken) take_spoken_list(list, options.aligner, take);
    if (!options.grid.empty()) take_grid(options.grid, take);
    if (options.hours > 0) add_synthetic(writer, options);
    if (writer.clips().empty())
        fail(ErrorCode::kUnsupported,
             "[speech_data] expected a source of speech: install flite, festival or espeak-ng, or name "
             "recordings");
    writer.finish();
}

}  // namespace vultus::speech_data
