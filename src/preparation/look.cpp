#include "preparation/look.h"

#include <algorithm>
#include <cmath>

namespace vultus::preparation {
namespace {

constexpr double kLeastContrast = 25;  // grey levels: a plain wall is not judged by its own noise

constexpr double kLeastGain = 0.75;  // brighter or darker than that, and it is no drift of the exposure

}  // namespace

std::vector<bool> cells_outside_head(const FaceExtent& face, int width_px, int height_px) {
    std::vector<bool> outside(kCellRows * kCellColumns);
    for (int row = 0; row < kCellRows; ++row) {
        for (int column = 0; column < kCellColumns; ++column) {
            const double x = (column + 0.5) * width_px / kCellColumns,
                         y = (row + 0.5) * height_px / kCellRows;
            const bool head = std::abs(x - face.centre_x) < 0.75 * face.width &&
                              y > face.centre_y - 1.4 * face.width && y < face.centre_y + 0.7 * face.width;
            outside[row * kCellColumns + column] = !head;
        }
    }
    return outside;
}

Cells median_cells(const ClipMeasurement& clip, int first, int end, int step) {
    Cells look(kCellBytes);
    std::vector<std::uint8_t> values;
    for (int i = 0; i < kCellBytes; ++i) {
        values.clear();
        for (int t = first; t < end; t += step) values.push_back(clip.cells_of(t)[i]);
        const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
        std::nth_element(values.begin(), middle, values.end());
        look[i] = *middle;
    }
    return look;
}

double contrast_of(const Cells& look, const std::vector<bool>& outside) {
    std::vector<double> values;
    for (std::size_t i = 0; i < outside.size(); ++i)
        if (outside[i]) values.push_back((look[3 * i] + look[3 * i + 1] + look[3 * i + 2]) / 3.0);
    if (values.empty()) return kLeastContrast;
    return std::max(kLeastContrast, spread_of(values, median_of(values)));
}

double share_unlike(const std::uint8_t* cells, const Cells& look, const std::vector<bool>& outside,
                    double levels) {
    double here = 1, there = 1;
    for (std::size_t i = 0; i < outside.size(); ++i) {
        if (!outside[i]) continue;
        for (int c = 0; c < 3; ++c) {
            here += cells[3 * i + c];
            there += look[3 * i + c];
        }
    }
    const double gain = std::clamp(there / here, kLeastGain, 1 / kLeastGain);
    int unlike = 0, count = 0;
    for (std::size_t i = 0; i < outside.size(); ++i) {
        if (!outside[i]) continue;
        double most = 0;
        for (int c = 0; c < 3; ++c)
            most = std::max<double>(most, std::abs(gain * cells[3 * i + c] - look[3 * i + c]));
        unlike += most > levels;
        ++count;
    }
    return count ? static_cast<double>(unlike) / count : 0;
}

double look_distance(const Cells& a, const Cells& b, const std::vector<bool>& outside) {
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < outside.size(); ++i) {
        if (!outside[i]) continue;
        for (int c = 0; c < 3; ++c) sum += std::abs(a[3 * i + c] - b[3 * i + c]);
        count += 3;
    }
    return count ? sum / count : 0;
}

double median_of(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

double spread_of(const std::vector<double>& values, double median) {
    std::vector<double> deviations;
    for (double value : values) deviations.push_back(std::abs(value - median));
    return 1.4826 * median_of(std::move(deviations));
}

}  // namespace vultus::preparation
