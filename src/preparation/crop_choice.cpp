#include "preparation/crop_choice.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::preparation {
namespace {

/// The value below which a share `q` (0..1) of the values lies. Reorders them.
double quantile(std::vector<double>& values, double q) {
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

}  // namespace

FaceExtent face_extent(const float* landmarks_px) {
    double x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
    for (int k = 0; k < corpus::kNumLandmarks; ++k) {
        x0 = std::min<double>(x0, landmarks_px[2 * k]);
        x1 = std::max<double>(x1, landmarks_px[2 * k]);
        y0 = std::min<double>(y0, landmarks_px[2 * k + 1]);
        y1 = std::max<double>(y1, landmarks_px[2 * k + 1]);
    }
    return {(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0};
}

FaceExtent median_extent(const std::vector<FaceExtent>& faces) {
    require(!faces.empty(), "[prepare] median of no faces");
    const auto median = [&](double FaceExtent::*member) {
        std::vector<double> values;
        for (const FaceExtent& face : faces) values.push_back(face.*member);
        return quantile(values, 0.5);
    };
    return {median(&FaceExtent::centre_x), median(&FaceExtent::centre_y), median(&FaceExtent::width)};
}

corpus::Box choose_crop(const FaceExtent& face, int width_px, int height_px) {
    const int most = std::min(width_px, height_px);
    const int side = std::min(most, static_cast<int>(std::lround(kCropInFaceWidths * face.width))) / 2 * 2;
    const auto place = [side](double centre, int length) {
        return std::clamp<double>(std::round(centre - side / 2), 0, length - side);
    };
    return {place(face.centre_x, width_px), place(face.centre_y, height_px), static_cast<double>(side),
            static_cast<double>(side)};
}

corpus::Box mouth_box(const std::vector<const float*>& landmarks_px, int size_px) {
    require(!landmarks_px.empty(), "[prepare] mouth box of no frames");
    std::vector<double> left, right, top, bottom;
    for (const float* points : landmarks_px) {
        double x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
        for (int k = 48; k < 68; ++k) {
            x0 = std::min<double>(x0, points[2 * k]);
            x1 = std::max<double>(x1, points[2 * k]);
            y0 = std::min<double>(y0, points[2 * k + 1]);
            y1 = std::max<double>(y1, points[2 * k + 1]);
        }
        left.push_back(x0);
        right.push_back(x1);
        top.push_back(y0);
        bottom.push_back(y1);
    }
    double x0 = quantile(left, 0.01), x1 = quantile(right, 0.99);
    double y0 = quantile(top, 0.01), y1 = quantile(bottom, 0.99);
    const double margin = 0.1 * (x1 - x0);
    x0 = std::clamp<double>(std::floor(x0 - margin), 0, size_px - 1);
    y0 = std::clamp<double>(std::floor(y0 - margin), 0, size_px - 1);
    x1 = std::clamp<double>(std::ceil(x1 + margin), x0 + 1, size_px);
    y1 = std::clamp<double>(std::ceil(y1 + margin), y0 + 1, size_px);
    return {x0, y0, x1 - x0, y1 - y0};
}

bool inside_crop(const float* landmarks_px, int size_px) {
    for (int k = 0; k < corpus::kNumLandmarks; ++k) {
        const float x = landmarks_px[2 * k], y = landmarks_px[2 * k + 1];
        if (!(x >= 0 && y >= 0 && x <= size_px && y <= size_px)) return false;
    }
    return true;
}

}  // namespace vultus::preparation
