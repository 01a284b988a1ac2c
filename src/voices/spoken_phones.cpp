#include "voices/spoken_phones.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "audio/phones.h"

namespace vultus::voices {
namespace {

constexpr double kMinPauseS = 0.06;    ///< shorter ones are no pauses
constexpr double kMaxClosureS = 0.15;  ///< of a voiceless stop
constexpr int kClosureLevel = 160;     ///< of 32768; espeak-ng's closures are all but zero

/// espeak-ng writes some languages' vowels with the letters of others.
std::string settled_ipa(const std::string& ipa, const std::string& language) {
    if (ipa == "a" && language == "en") return "æ";
    if (ipa == "y" && (language == "ru" || language == "pt-br")) return "ɨ";
    return ipa;
}

/// espeak-ng tells when a voiceless stop bursts; with its closure it begins where the sound before it ends.
/// The phone before keeps a third of its time.
std::int64_t closure_begin(const std::vector<std::int16_t>& audio, std::int64_t burst, std::int64_t before,
                           int rate_hz) {
    const std::int64_t step = rate_hz / 500;
    const std::int64_t first =
        std::max(before + (burst - before) / 3, burst - static_cast<std::int64_t>(kMaxClosureS * rate_hz));
    std::int64_t begin = burst;
    const auto quiet = [&](std::int64_t from) {
        return std::all_of(audio.begin() + from, audio.begin() + from + step,
                           [](std::int16_t sample) { return std::abs(sample) < kClosureLevel; });
    };
    // Its last milliseconds may hold the burst's beginning.
    while (begin - step > burst - rate_hz / 50 && begin - step >= first && !quiet(begin - step))
        begin -= step;
    while (begin - step >= first && quiet(begin - step)) begin -= step;
    return begin < burst && quiet(begin) ? begin : burst;
}

bool is_voiceless_stop(int phone) {
    const std::string_view name = phone > audio::kSilence ? audio::phone_name(phone) : "";
    return name == "P" || name == "T" || name == "K" || name == "CH";
}

}  // namespace

std::vector<corpus::PhoneSpan> spans_of(const std::vector<NamedTime>& times, int rate_hz) {
    std::vector<corpus::PhoneSpan> spans;
    double begin_s = 0;
    for (const NamedTime& time : times) {
        spans.push_back({std::llround(begin_s * rate_hz), 0, audio::phone_from_radio(time.name)});
        begin_s = time.end_s;
    }
    return spans;
}

std::vector<NamedTime> parse_psdur(const std::string& text) {
    std::vector<NamedTime> times;
    std::istringstream in(text);
    for (std::string part; in >> part;) {
        const std::size_t colon = part.rfind(':');
        if (colon == std::string::npos) continue;
        times.push_back({part.substr(0, colon), std::strtod(part.c_str() + colon + 1, nullptr)});
    }
    return times;
}

std::vector<corpus::PhoneSpan> spans_of(const pronunciation::Espeak::Speech& speech,
                                        const std::string& language, int rate_hz) {
    std::vector<corpus::PhoneSpan> spans;
    const auto end = static_cast<std::int64_t>(speech.audio.size());
    for (std::size_t i = 0; i < speech.phonemes.size(); ++i) {
        const pronunciation::Espeak::Phoneme& phoneme = speech.phonemes[i];
        const std::int64_t next = i + 1 < speech.phonemes.size() ? speech.phonemes[i + 1].begin_sample : end;
        const std::int64_t sounding = next - phoneme.begin_sample;
        if (sounding <= 0 || next > end || phoneme.ipa.starts_with('('))
            continue;  // "(en)": another language begins
        std::vector<int> phones = audio::phones_from_ipa(settled_ipa(phoneme.ipa, language));
        const bool pause = phoneme.ipa.empty() && static_cast<double>(sounding) >= kMinPauseS * rate_hz;
        if (phones.empty() && !pause) continue;  // a glottal stop or a mark: the phone before goes on
        if (phones.empty()) phones.push_back(audio::kSilence);
        std::int64_t begin = phoneme.begin_sample;
        if (is_voiceless_stop(phones[0]) && !spans.empty() && spans.back().phone != audio::kSilence)
            begin = closure_begin(speech.audio, begin, spans.back().begin_sample, rate_hz);
        const std::int64_t length = next - begin;
        for (std::size_t k = 0; k < phones.size(); ++k)
            spans.push_back(
                {begin + length * static_cast<std::int64_t>(k) / static_cast<std::int64_t>(phones.size()), 0,
                 phones[k]});
    }
    return spans;
}

}  // namespace vultus::voices
