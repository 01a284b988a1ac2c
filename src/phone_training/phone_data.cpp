#include "phone_training/phone_data.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "audio/augment.h"
#include "audio/channel_equalizer.h"
#include "audio/log_mel.h"
#include "audio/phones.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "models/speech_encoder.h"
#include "phone_training/mel_augment.h"

namespace vultus::phone_training {
namespace {

constexpr std::int64_t kBands = 80, kHopSamples = 160;
constexpr std::int64_t kLoudness = models::kLoudnessBands;
constexpr std::int64_t kLoudnessEdges[kLoudness + 1] = {2, 16, 37, 62, 80};  // 0.1, 0.55, 1.5, 4 kHz
constexpr double kSilenceShare = 0.1, kBackgroundShare = 0.25, kMoreNoise = 0.3, kTempoShare = 0.5,
                 kWarmShare = 0.7;
constexpr std::uint64_t kSoundsSeed = 23;
constexpr double kSlowest = 0.82, kFastest = 1.2;
constexpr float kUnvoicedRow = -11.5129f;  // ln of log-mel's floor

// espeak-ng has hundreds of voices, of which none sounds like a person: by voice alone they would drown
// people.
enum class VoiceKind { kPerson, kFromRecordings, kFormants };
constexpr double kShareOfKind[] = {0.65, 0.2, 0.15};

VoiceKind kind_of(const std::string& voice) {
    if (voice.starts_with("espeak/")) return VoiceKind::kFormants;
    if (voice.starts_with("flite/") || voice.starts_with("festival/")) return VoiceKind::kFromRecordings;
    return VoiceKind::kPerson;
}

/// Only pitch and formants: mel_augment does the rest, each time anew.
audio::AugmentOptions voices_only() {
    audio::AugmentOptions options = audio::AugmentOptions::none();
    options.voice_probability = 1;
    return options;
}

/// Noise under the audio itself: waves add up and cancel, which powers in log-mel rows do not.
audio::AugmentOptions noise_only() {
    audio::AugmentOptions options = audio::AugmentOptions::none();
    options.noise_probability = 1;
    options.snr_low_db = 0;
    options.snr_high_db = 20;
    return options;
}

std::vector<std::int8_t> frame_phones(const corpus::SpeechClip& clip, std::int64_t frames) {
    std::vector<std::int8_t> phones(static_cast<std::size_t>(frames), -1);
    for (const auto& phone : clip.phones)
        for (std::int64_t k = (phone.begin_sample + 2 * kHopSamples - 1) / (2 * kHopSamples);
             k < frames && k * 2 * kHopSamples < phone.end_sample; ++k)
            phones[static_cast<std::size_t>(k)] = static_cast<std::int8_t>(phone.phone);
    return phones;
}

/// Power of a few bands of every second row, against the level that the loudest twentieth of rows reaches.
std::vector<float> relative_loudness(const std::vector<float>& rows) {
    const auto num_rows = static_cast<std::int64_t>(rows.size()) / kBands;
    const std::int64_t frames = (num_rows + 1) / 2;
    std::vector<float> loudness(static_cast<std::size_t>(frames * kLoudness));
    std::vector<double> total(static_cast<std::size_t>(frames), 1e-9);
    for (std::int64_t t = 0; t < frames; ++t)
        for (std::int64_t band = 0; band < kLoudness; ++band) {
            double power = 1e-9;
            for (std::int64_t k = kLoudnessEdges[band]; k < kLoudnessEdges[band + 1]; ++k)
                power += std::exp(rows[static_cast<std::size_t>(2 * t * kBands + k)]);
            total[static_cast<std::size_t>(t)] += power;
            loudness[static_cast<std::size_t>(t * kLoudness + band)] = static_cast<float>(std::log10(power));
        }
    std::vector<double> sorted = total;
    std::sort(sorted.begin(), sorted.end());
    const double level = std::log10(sorted[static_cast<std::size_t>(0.95 * static_cast<double>(frames - 1))]);
    for (float& value : loudness) value = std::clamp(value - static_cast<float>(level), -5.0f, 0.5f);
    return loudness;
}

}  // namespace

std::vector<PhoneExample> load_phone_examples(const corpus::SpeechCorpus& corpus, int voice_versions,
                                              std::uint64_t seed) {
    Progress progress("features", "recordings", static_cast<std::int64_t>(corpus.clips().size()));
    std::vector<PhoneExample> examples;
    for (std::size_t i = 0; i < corpus.clips().size(); ++i) {
        throw_if_cancelled();
        const corpus::SpeechClip& clip = corpus.clips()[i];
        const std::vector<float> audio = corpus.audio(i);
        if (audio.size() < 2 * kHopSamples) continue;
        PhoneExample example;
        example.voice = clip.voice;
        example.language = clip.language;
        example.validation = clip.validation;
        const auto add = [&](const std::vector<float>& audio) {
            example.rows.push_back(audio::log_mel(audio.data(), static_cast<std::int64_t>(audio.size())));
        };
        add(audio);
        Rng rng(seed * 7919 + i);
        for (int version = 0; !clip.validation && version < voice_versions; ++version) {
            const std::vector<float> other = audio::augment(audio, rng, voices_only());
            add(other);
            add(audio::augment(rng.uniform() < 0.5 ? other : audio, rng, noise_only()));
        }
        const auto frames = (static_cast<std::int64_t>(example.rows[0].size()) / kBands + 1) / 2;
        example.phones = frame_phones(clip, frames);
        example.loudness = relative_loudness(example.rows[0]);
        examples.push_back(std::move(example));
        progress.update(static_cast<std::int64_t>(i) + 1);
    }
    return examples;
}

void measure_mel(const std::vector<PhoneExample>& examples, std::vector<float>& mean,
                 std::vector<float>& deviation) {
    std::vector<double> sum(kBands, 0), squares(kBands, 0);
    double count = 0;
    for (const PhoneExample& example : examples) {
        if (example.validation) continue;
        for (std::size_t at = 0; at < example.rows[0].size(); ++at) {
            const double value = example.rows[0][at];
            sum[at % kBands] += value;
            squares[at % kBands] += value * value;
        }
        count += static_cast<double>(example.rows[0].size()) / kBands;
    }
    mean.assign(kBands, 0);
    deviation.assign(kBands, 1);
    for (std::size_t k = 0; k < kBands; ++k) {
        const double average = sum[k] / std::max(1.0, count);
        mean[k] = static_cast<float>(average);
        deviation[k] = static_cast<float>(
            std::sqrt(std::max(0.01, squares[k] / std::max(1.0, count) - average * average)));
    }
}

PhoneBatches::PhoneBatches(const std::vector<PhoneExample>& examples, std::vector<float> mel_mean,
                           std::vector<float> mel_std, bool equalized)
    : examples_(examples),
      mel_mean_(std::move(mel_mean)),
      mel_std_(std::move(mel_std)),
      equalized_(equalized),
      sounds_(kSoundsSeed) {
    std::map<std::string, std::vector<std::size_t>> voices;
    for (std::size_t i = 0; i < examples.size(); ++i)
        if (!examples[i].validation) voices[examples[i].voice].push_back(i);
    if (voices.empty()) fail(ErrorCode::kInvalidArgument, "[train] the speech corpus has no training clips");
    // Between one share for each voice and one for each minute: voices with much speech still count for more.
    const auto weight = [](const auto& clips) { return std::sqrt(static_cast<double>(clips.size())); };
    std::map<VoiceKind, double> of_kind;
    for (const auto& [name, clips] : voices) of_kind[kind_of(name)] += weight(clips);
    double total = 0;
    for (auto& [name, clips] : voices) {
        total +=
            weight(clips) / of_kind[kind_of(name)] * kShareOfKind[static_cast<std::size_t>(kind_of(name))];
        voice_share_.push_back(total);
        by_voice_.push_back(std::move(clips));
    }
    for (double& share : voice_share_) share /= total;
}

const PhoneExample& PhoneBatches::choose(Rng& rng) const {
    const auto voice = static_cast<std::size_t>(
        std::upper_bound(voice_share_.begin(), voice_share_.end() - 1, rng.uniform()) - voice_share_.begin());
    const std::vector<std::size_t>& clips = by_voice_[voice];
    return examples_[clips[rng.below(clips.size())]];
}

/// A piece at another tempo; where the recording ends, silence that nobody is asked about.
PhoneBatches::Piece PhoneBatches::cut(const PhoneExample& example, std::int64_t num_rows, Rng& rng) const {
    const std::size_t version = rng.below(example.rows.size());
    const std::vector<float>& source = example.rows[version];
    const auto length = static_cast<std::int64_t>(source.size()) / kBands;
    const double tempo =
        rng.uniform() < kTempoShare ? std::exp(rng.uniform(std::log(kSlowest), std::log(kFastest))) : 1.0;
    const auto spare =
        static_cast<std::int64_t>(static_cast<double>(length) - static_cast<double>(num_rows) * tempo);
    const std::int64_t first =
        spare > 0 ? static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(spare))) & ~1ll : 0;
    Piece piece;
    piece.noisy = PhoneExample::is_noisy(version);
    piece.rows.assign(static_cast<std::size_t>(num_rows * kBands), kUnvoicedRow);
    piece.phones.assign(static_cast<std::size_t>((num_rows + 1) / 2), -1);
    piece.loudness.assign(piece.phones.size() * kLoudness, 0);
    for (std::int64_t row = 0; row < num_rows; ++row) {
        const double at = static_cast<double>(first) + static_cast<double>(row) * tempo;
        const auto low = static_cast<std::int64_t>(at);
        if (low + 1 >= length) break;
        const auto part = static_cast<float>(at - static_cast<double>(low));
        const float* a = &source[static_cast<std::size_t>(low * kBands)];
        for (std::int64_t k = 0; k < kBands; ++k)
            piece.rows[static_cast<std::size_t>(row * kBands + k)] = a[k] + part * (a[k + kBands] - a[k]);
        if (row % 2 != 0) continue;
        const auto t = static_cast<std::size_t>(row / 2);
        const auto from = std::min(static_cast<std::size_t>(at / 2 + 0.5), example.phones.size() - 1);
        piece.phones[t] = example.phones[from];
        std::copy_n(&example.loudness[from * kLoudness], kLoudness, &piece.loudness[t * kLoudness]);
    }
    return piece;
}

PhoneBatches::Piece PhoneBatches::silence(std::int64_t num_rows, Rng& rng) const {
    Piece piece;
    piece.rows = noise_log_mel(static_cast<std::size_t>(num_rows), sounds_, rng);
    piece.phones.assign(static_cast<std::size_t>((num_rows + 1) / 2), 0);
    piece.loudness.assign(piece.phones.size() * kLoudness, -5.0f);
    return piece;
}

void PhoneBatches::equalize(std::vector<float>& rows, bool warm) const {
    if (!equalized_) return;
    audio::ChannelEqualizer equalizer;
    const auto num_rows = static_cast<std::int64_t>(rows.size()) / kBands;
    for (int i = 0; warm && i < 2; ++i) equalizer.hear(rows.data(), num_rows);
    equalizer.advance(rows.data(), num_rows);
}

void PhoneBatches::normalise(std::vector<float>& rows) const {
    for (std::size_t at = 0; at < rows.size(); ++at)
        rows[at] = (rows[at] - mel_mean_[at % kBands]) / mel_std_[at % kBands];
}

PhoneBatch PhoneBatches::draw(std::int64_t batch, std::int64_t num_rows, Rng& rng) const {
    std::vector<float> log_mel, loudness;
    std::vector<std::int64_t> phones;
    for (std::int64_t i = 0; i < batch; ++i) {
        const bool silent = rng.uniform() < kSilenceShare;
        Piece piece = silent ? silence(num_rows, rng) : cut(choose(rng), num_rows, rng);
        if (!silent) {
            std::vector<float> background;
            if (rng.uniform() < kBackgroundShare) background = cut(choose(rng), num_rows, rng).rows;
            MelAugmentOptions options;
            if (piece.noisy) options.noise_probability = kMoreNoise;
            augment_log_mel(piece.rows, background, sounds_, rng, options);
        }
        equalize(piece.rows, rng.uniform() < kWarmShare);
        if (!silent) colour_log_mel(piece.rows, rng);
        normalise(piece.rows);
        mask_log_mel(piece.rows, rng);
        log_mel.insert(log_mel.end(), piece.rows.begin(), piece.rows.end());
        phones.insert(phones.end(), piece.phones.begin(), piece.phones.end());
        loudness.insert(loudness.end(), piece.loudness.begin(), piece.loudness.end());
    }
    const std::int64_t frames = (num_rows + 1) / 2;
    return {torch::tensor(log_mel).view({batch, num_rows, kBands}),
            torch::tensor(phones, torch::kLong).view({batch, frames}),
            torch::tensor(loudness).view({batch, frames, kLoudness})};
}

std::vector<float> PhoneBatches::phone_share() const {
    std::vector<double> share(audio::kNumPhones, 0);
    share[audio::kSilence] = kSilenceShare;
    for (std::size_t voice = 0; voice < by_voice_.size(); ++voice) {
        const double of_voice = voice_share_[voice] - (voice == 0 ? 0 : voice_share_[voice - 1]);
        std::vector<double> frames(audio::kNumPhones, 1);  // a phone that nobody says is rare, not impossible
        double all = audio::kNumPhones;
        for (const std::size_t clip : by_voice_[voice])
            for (const std::int8_t phone : examples_[clip].phones) {
                if (phone < 0) continue;
                ++frames[static_cast<std::size_t>(phone)];
                ++all;
            }
        for (std::size_t phone = 0; phone < frames.size(); ++phone)
            share[phone] += (1 - kSilenceShare) * of_voice * frames[phone] / all;
    }
    return {share.begin(), share.end()};
}

PhoneBatch PhoneBatches::whole(const PhoneExample& example) const {
    std::vector<float> rows = example.rows[0];
    equalize(rows, false);
    normalise(rows);
    const auto num_rows = static_cast<std::int64_t>(rows.size()) / kBands;
    const auto frames = static_cast<std::int64_t>(example.phones.size());
    const std::vector<std::int64_t> phones(example.phones.begin(), example.phones.end());
    return {torch::tensor(rows).view({1, num_rows, kBands}),
            torch::tensor(phones, torch::kLong).view({1, frames}),
            torch::tensor(example.loudness).view({1, frames, kLoudness})};
}

}  // namespace vultus::phone_training
