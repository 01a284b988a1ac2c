#include "marking/frame_sums.h"

#include <algorithm>
#include <cmath>

namespace vultus::marking {
namespace {

constexpr int kLocalParts = 25;  ///< the neighbourhood's radius is this part of the picture's side
constexpr double kFloor = 0.05;  ///< of the usual energy, where there is none

/// The mean over a square neighbourhood cut off at the edges, along one axis at a time.
void blur(std::vector<float>& image, int width, int height, int radius) {
    std::vector<double> sums;
    const auto along = [&](std::size_t begin, std::size_t step, int count) {
        sums.assign(static_cast<std::size_t>(count) + 1, 0.0);
        for (int i = 0; i < count; ++i)
            sums[i + 1] = sums[i] + image[begin + static_cast<std::size_t>(i) * step];
        for (int i = 0; i < count; ++i) {
            const int low = std::max(i - radius, 0), high = std::min(i + radius + 1, count);
            image[begin + static_cast<std::size_t>(i) * step] =
                static_cast<float>((sums[high] - sums[low]) / (high - low));
        }
    };
    for (int y = 0; y < height; ++y) along(static_cast<std::size_t>(y) * width, 1, width);
    for (int x = 0; x < width; ++x)
        along(static_cast<std::size_t>(x), static_cast<std::size_t>(width), height);
}

/// Takes off what is smooth, and divides by the root of the energy around.
void even_out(float* real, float* imaginary, int width, int height) {
    const int radius = std::max(2, std::max(width, height) / kLocalParts);
    const std::size_t count = static_cast<std::size_t>(width) * height;
    for (float* part : {real, imaginary}) {
        std::vector<float> smooth(part, part + count);
        blur(smooth, width, height, radius);
        for (std::size_t i = 0; i < count; ++i) part[i] -= smooth[i];
    }
    std::vector<float> energy(count);
    for (std::size_t i = 0; i < count; ++i) energy[i] = real[i] * real[i] + imaginary[i] * imaginary[i];
    blur(energy, width, height, radius);
    std::vector<float> sorted = energy;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count / 2), sorted.end());
    const float floor = static_cast<float>(kFloor) * sorted[count / 2] + 1e-9f;
    for (std::size_t i = 0; i < count; ++i) {
        const float factor = 1 / std::sqrt(energy[i] + floor);
        real[i] *= factor;
        imaginary[i] *= factor;
    }
}

}  // namespace

FrameSums::FrameSums(int width_px, int height_px) : still(static_cast<std::size_t>(width_px) * height_px) {
    for (auto& tone : turned)
        for (auto& part : tone) part.resize(still.size());
}

void FrameSums::add(const std::vector<float>& luma, double time_s) {
    if (num_frames++ == 0) first_s = time_s;
    last_s = time_s;
    for (std::size_t i = 0; i < luma.size(); ++i) still[i] += luma[i];
    for (int tone = 0; tone < MarkPattern::kNumTones; ++tone) {
        const std::complex<double> turn = std::polar(1.0, MarkPattern::turned_rad(tone, time_s));
        turns[tone] += turn;
        const auto cosine = static_cast<float>(turn.real()), sine = static_cast<float>(turn.imag());
        float *real = turned[tone][0].data(), *imaginary = turned[tone][1].data();
        for (std::size_t i = 0; i < luma.size(); ++i) {
            real[i] += cosine * luma[i];
            imaginary[i] += sine * luma[i];
        }
    }
}

void FrameSums::join(const FrameSums& next) {
    const auto add = [](std::vector<float>& to, const std::vector<float>& from) {
        for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    num_frames += next.num_frames;
    last_s = next.last_s;
    add(still, next.still);
    for (int tone = 0; tone < MarkPattern::kNumTones; ++tone) {
        for (int part = 0; part < 2; ++part) add(turned[tone][part], next.turned[tone][part]);
        turns[tone] += next.turns[tone];
    }
}

std::vector<float> evened_tones(const FrameSums& sums, int width_px, int height_px) {
    const std::size_t count = sums.still.size();
    std::vector<float> planes(2 * MarkPattern::kNumTones * count);
    for (int tone = 0; tone < MarkPattern::kNumTones; ++tone) {
        float* parts[2] = {&planes[2 * tone * count], &planes[(2 * tone + 1) * count]};
        for (int part = 0; part < 2; ++part) {
            const double turned = part == 0 ? sums.turns[tone].real() : sums.turns[tone].imag();
            const auto share = static_cast<float>(turned / static_cast<double>(sums.num_frames));
            for (std::size_t i = 0; i < count; ++i)
                parts[part][i] = sums.turned[tone][part][i] - share * sums.still[i];
        }
        even_out(parts[0], parts[1], width_px, height_px);
    }
    return planes;
}

LumaShrinker::LumaShrinker(int width_px, int height_px, int most_side_px) : width_px_(width_px) {
    while (std::max(width_px, height_px) / factor_ > most_side_px) factor_ *= 2;
    out_width_px_ = std::max(1, width_px / factor_);
    out_height_px_ = std::max(1, height_px / factor_);
    luma_.resize(static_cast<std::size_t>(out_width_px_) * out_height_px_);
}

const std::vector<float>& LumaShrinker::shrink(const std::uint8_t* rgb) {
    const float share = 1.0f / static_cast<float>(factor_ * factor_);
    for (int y = 0; y < out_height_px_; ++y) {
        float* out = &luma_[static_cast<std::size_t>(y) * out_width_px_];
        std::fill(out, out + out_width_px_, 0.0f);
        for (int dy = 0; dy < factor_; ++dy) {
            const std::uint8_t* row = rgb + std::size_t{3} * (y * factor_ + dy) * width_px_;
            for (int x = 0; x < out_width_px_ * factor_; ++x)
                out[x / factor_] +=
                    0.2126f * row[3 * x] + 0.7152f * row[3 * x + 1] + 0.0722f * row[3 * x + 2];
        }
        for (int x = 0; x < out_width_px_; ++x) out[x] *= share;
    }
    return luma_;
}

}  // namespace vultus::marking
