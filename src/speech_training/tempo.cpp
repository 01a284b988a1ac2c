#include "speech_training/tempo.h"

#include <cmath>

namespace vultus::speech_training {

using torch::Tensor;

Tensor draw_tempo(std::int64_t num_frames, double most, Rng& rng) {
    std::vector<double> time(static_cast<std::size_t>(num_frames), 0.0);
    const auto draw = [&] { return rng.uniform(-most, most); };
    double from = draw(), to = draw();
    std::int64_t at = 0, length = 12;
    for (std::size_t t = 1; t < time.size(); ++t, ++at) {
        if (at == length) {
            from = to;
            to = draw();
            at = 0;
            length = 8 + static_cast<std::int64_t>(rng.below(12));
        }
        const double part = static_cast<double>(at) / static_cast<double>(length);
        time[t] = time[t - 1] + std::exp(from + (to - from) * part);
    }
    const double scale = num_frames > 1 ? static_cast<double>(num_frames - 1) / time.back() : 1.0;
    Tensor tempo = torch::empty({num_frames});
    for (std::size_t t = 0; t < time.size(); ++t)
        tempo.data_ptr<float>()[t] = static_cast<float>(time[t] * scale);
    return tempo;
}

Tensor rows_at(const Tensor& rows, const Tensor& positions) {
    if (rows.size(0) < 2) return rows.expand({positions.size(0), rows.size(1)});
    const Tensor held = positions.clamp(0, static_cast<double>(rows.size(0) - 1));
    const Tensor low = held.floor().clamp_max(static_cast<double>(rows.size(0) - 2));
    const Tensor part = (held - low).unsqueeze(1);
    const Tensor index = low.to(torch::kLong);
    return rows.index_select(0, index) * (1 - part) + rows.index_select(0, index + 1) * part;
}

Tensor tempo_of_rows(const Tensor& tempo, std::int64_t rate) {
    const Tensor frames = torch::arange(tempo.size(0) * rate, torch::kFloat32) / static_cast<double>(rate);
    // Beyond the last frame time runs on as recorded.
    const Tensor past = (frames - static_cast<double>(tempo.size(0) - 1)).clamp_min(0);
    return (rows_at(tempo.unsqueeze(1), frames).squeeze(1) + past) * static_cast<double>(rate);
}

}  // namespace vultus::speech_training
