// The work that training does for each clip's sound: 3 s at 16 kHz.
#include <benchmark/benchmark.h>

#include "audio/augment.h"
#include "audio/log_mel.h"

namespace vultus::audio {
namespace {

constexpr std::size_t kNumSamples = 48000;

std::vector<float> noise() {
    Rng rng(1);
    std::vector<float> audio(kNumSamples);
    for (float& value : audio) value = static_cast<float>(0.1 * rng.normal());
    return audio;
}

void log_mel_of_3_s(benchmark::State& state) {
    const std::vector<float> audio = noise();
    for (auto _ : state) benchmark::DoNotOptimize(log_mel(audio.data(), kNumSamples));
}
BENCHMARK(log_mel_of_3_s)->Unit(benchmark::kMillisecond);

void augment_3_s(benchmark::State& state) {
    const std::vector<float> audio = noise();
    Rng rng(2);
    for (auto _ : state) benchmark::DoNotOptimize(augment(audio, rng));
}
BENCHMARK(augment_3_s)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vultus::audio
