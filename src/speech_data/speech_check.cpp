#include "speech_data/speech_check.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>

#include "audio/log_mel.h"
#include "audio/phones.h"
#include "base/cancel.h"

namespace vultus::speech_data {
namespace {

constexpr int kHopSamples = 160, kNumMels = 80;
constexpr int kMaxShift = 8;  ///< in hops either way
constexpr int kNumShifts = 2 * kMaxShift + 1;

/// The phone of each hop, kUnknownPhone where there is none.
std::vector<int> phones_of_hops(const corpus::SpeechClip& clip, std::int64_t num_hops) {
    std::vector<int> phones;
    std::size_t span = 0;
    for (std::int64_t hop = 0; hop < num_hops; ++hop) {
        while (span + 1 < clip.phones.size() && clip.phones[span].end_sample <= hop * kHopSamples) ++span;
        phones.push_back(clip.phones[span].phone);
    }
    return phones;
}

struct Level {
    double db = 0;
    std::int64_t count = 0;
    double mean() const { return count > 0 ? db / static_cast<double>(count) : 0; }
};

class VoiceSums {
  public:
    void add(const corpus::SpeechClip& clip, const std::vector<float>& audio) {
        const std::vector<float> mel = audio::log_mel(audio.data(), static_cast<std::int64_t>(audio.size()));
        const auto hops = static_cast<std::int64_t>(mel.size()) / kNumMels;
        const std::vector<int> phones = phones_of_hops(clip, hops);
        // The same hops for every shift, so that the total variance is the same.
        for (std::int64_t hop = kMaxShift; hop < hops - kMaxShift; ++hop) {
            const float* row = &mel[static_cast<std::size_t>(hop * kNumMels)];
            add_level(audio, hop, phones[static_cast<std::size_t>(hop)]);
            for (int band = 0; band < kNumMels; ++band) {
                total_[band] += row[band];
                squares_ += static_cast<double>(row[band]) * row[band];
            }
            ++count_;
            for (int shift = 0; shift < kNumShifts; ++shift) {
                const int phone = phones[static_cast<std::size_t>(hop - (shift - kMaxShift))];
                Class& sums = classes_[static_cast<std::size_t>(shift)][static_cast<std::size_t>(phone + 1)];
                ++sums.count;
                for (int band = 0; band < kNumMels; ++band) sums.sum[band] += row[band];
            }
        }
    }

    void finish(VoiceCheck& check) const {
        check.silence_db = silence_.mean();
        check.vowel_db = vowels_.mean();
        check.consonant_db = consonants_.mean();
        if (count_ == 0) return;
        std::array<double, kNumShifts> explained;
        std::size_t best = 0;
        for (std::size_t shift = 0; shift < kNumShifts; ++shift) {
            explained[shift] = explained_by(shift);
            if (explained[shift] > explained[best]) best = shift;
        }
        check.explained = explained[kMaxShift];
        double peak = static_cast<double>(best) - kMaxShift;
        if (best > 0 && best + 1 < kNumShifts) {
            const double left = explained[best - 1], right = explained[best + 1];
            const double bend = left - 2 * explained[best] + right;
            if (bend < 0) peak += 0.5 * (left - right) / bend;
        }
        check.best_shift_ms = peak * 1000 * kHopSamples / corpus::kSpeechRateHz;
    }

  private:
    struct Class {
        std::int64_t count = 0;
        std::array<double, kNumMels> sum{};
    };

    void add_level(const std::vector<float>& audio, std::int64_t hop, int phone) {
        if (phone < 0) return;
        double power = 0;
        const auto end =
            std::min<std::int64_t>((hop + 1) * kHopSamples, static_cast<std::int64_t>(audio.size()));
        for (std::int64_t i = hop * kHopSamples; i < end; ++i)
            power +=
                static_cast<double>(audio[static_cast<std::size_t>(i)]) * audio[static_cast<std::size_t>(i)];
        Level& level = phone == audio::kSilence ? silence_ : audio::is_vowel(phone) ? vowels_ : consonants_;
        level.db += 10 * std::log10(power / kHopSamples + 1e-10);
        ++level.count;
    }

    double explained_by(std::size_t shift) const {
        double between = 0, mean = 0;
        for (const Class& sums : classes_[shift])
            if (sums.count > 0)
                for (const double sum : sums.sum) between += sum * sum / static_cast<double>(sums.count);
        for (const double sum : total_) mean += sum * sum / static_cast<double>(count_);
        return squares_ > mean ? (between - mean) / (squares_ - mean) : 0;
    }

    std::array<std::array<Class, audio::kNumPhones + 1>, kNumShifts> classes_{};
    std::array<double, kNumMels> total_{};
    double squares_ = 0;
    std::int64_t count_ = 0;
    Level silence_, vowels_, consonants_;
};

}  // namespace

std::vector<VoiceCheck> check_voices(const corpus::SpeechCorpus& corpus, int max_clips) {
    std::map<std::string, std::vector<std::size_t>> by_voice;
    for (std::size_t i = 0; i < corpus.clips().size(); ++i) {
        const std::string& voice = corpus.clips()[i].voice;
        by_voice[voice.substr(0, voice.find('+'))].push_back(i);
    }
    std::vector<VoiceCheck> checks;
    for (const auto& [voice, clips] : by_voice) {
        VoiceCheck check;
        check.voice = voice;
        check.num_clips = static_cast<int>(clips.size());
        const auto sums = std::make_unique<VoiceSums>();
        std::int64_t unknown = 0, samples = 0;
        for (std::size_t i = 0; i < clips.size(); ++i) {
            throw_if_cancelled();
            const corpus::SpeechClip& clip = corpus.clips()[clips[i]];
            const double seconds = static_cast<double>(clip.num_samples) / corpus::kSpeechRateHz;
            check.seconds += seconds;
            if (clip.validation) check.validation_seconds += seconds;
            samples += clip.num_samples;
            for (const corpus::PhoneSpan& span : clip.phones)
                if (span.phone < 0) unknown += span.end_sample - span.begin_sample;
            if (static_cast<int>(i) < max_clips) sums->add(clip, corpus.audio(clips[i]));
        }
        check.unknown_share = static_cast<double>(unknown) / static_cast<double>(samples);
        sums->finish(check);
        checks.push_back(check);
    }
    return checks;
}

std::string format_voices(const std::vector<VoiceCheck>& voices) {
    std::string table =
        fmt::format("{:<32}{:>6}{:>9}{:>10}{:>9}{:>9}{:>9}{:>10}{:>11}{:>9}\n", "voice", "clips", "minutes",
                    "validate", "unknown", "silence", "vowels", "consonants", "explained", "shift");
    double seconds = 0, validation_seconds = 0;
    int clips = 0;
    for (const VoiceCheck& voice : voices) {
        table += fmt::format(
            "{:<32}{:>6}{:>9.1f}{:>10.1f}{:>7.1f} %{:>6.0f} dB{:>6.0f} dB{:>7.0f} dB{:>11.3f}{:>6.0f} ms\n",
            voice.voice, voice.num_clips, voice.seconds / 60, voice.validation_seconds / 60,
            100 * voice.unknown_share, voice.silence_db, voice.vowel_db, voice.consonant_db, voice.explained,
            voice.best_shift_ms);
        seconds += voice.seconds;
        validation_seconds += voice.validation_seconds;
        clips += voice.num_clips;
    }
    return table +
           fmt::format("{:<32}{:>6}{:>9.1f}{:>10.1f}\n", "all", clips, seconds / 60, validation_seconds / 60);
}

}  // namespace vultus::speech_data
