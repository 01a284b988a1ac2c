#include "preparation/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace vultus::preparation {
namespace {

constexpr int kThumbWidthPx = 192, kTextHeightPx = 14, kGapPx = 4;
constexpr std::size_t kLineCharacters = 36, kReasonLines = 4;

/// The first lines of a text, broken at spaces.
std::vector<std::string> wrap(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    while (at < text.size() && lines.size() < kReasonLines) {
        std::size_t length = std::min(kLineCharacters, text.size() - at);
        if (at + length < text.size()) {
            const std::size_t space = text.rfind(' ', at + length);
            if (space != std::string::npos && space > at) length = space - at;
        }
        lines.push_back(text.substr(at, length));
        at += length;
        if (at < text.size() && text[at] == ' ') ++at;
    }
    return lines;
}

void write_text(cv::Mat& canvas, const std::string& text, int x, int y, const cv::Scalar& colour) {
    cv::putText(canvas, text, {x, y}, cv::FONT_HERSHEY_SIMPLEX, 0.3, colour, 1, cv::LINE_AA);
}

void draw_tile(cv::Mat& canvas, const SheetTile& tile, int x, int y, int height_px) {
    const cv::Rect place(x, y, kThumbWidthPx, height_px);
    if (tile.picture && !tile.picture->empty()) {
        const media::Image& p = *tile.picture;
        const cv::Mat rgb(p.height, p.width, CV_8UC3, const_cast<std::uint8_t*>(p.rgb.data()));
        const double scale =
            std::min(static_cast<double>(kThumbWidthPx) / p.width, static_cast<double>(height_px) / p.height);
        const int width = std::max(1, static_cast<int>(p.width * scale)),
                  height = std::max(1, static_cast<int>(p.height * scale));
        cv::Mat target =
            canvas(cv::Rect(x + (kThumbWidthPx - width) / 2, y + (height_px - height) / 2, width, height));
        cv::resize(rgb, target, target.size(), 0, 0, cv::INTER_AREA);
    }
    const bool left_out = !tile.reason.empty();
    write_text(canvas, tile.text.substr(0, kLineCharacters), x, y + height_px + 10,
               left_out ? cv::Scalar(255, 120, 120) : cv::Scalar(220, 220, 220));
    if (!left_out) return;
    cv::rectangle(canvas, place, cv::Scalar(230, 30, 30), 3);
    int baseline = y + 12;
    for (const std::string& line : wrap(tile.reason)) {
        cv::rectangle(canvas, cv::Rect(x + 3, baseline - 9, kThumbWidthPx - 6, 12), cv::Scalar(60, 0, 0),
                      cv::FILLED);
        write_text(canvas, line, x + 4, baseline, cv::Scalar(255, 210, 210));
        baseline += 11;
    }
}

/// As high as most pictures, at the width of a tile.
int tile_height_px(const std::vector<SheetTile>& tiles) {
    double height = 60;
    for (const SheetTile& tile : tiles)
        if (tile.picture && !tile.picture->empty())
            height = std::max(
                height, tile.picture->height * std::min(1.0, double(kThumbWidthPx) / tile.picture->width));
    return std::min(kThumbWidthPx, static_cast<int>(std::ceil(height)));
}

}  // namespace

media::Image draw_contact_sheet(const std::vector<SheetTile>& tiles) {
    if (tiles.empty()) fail(ErrorCode::kInvalidArgument, "[prepare] contact sheet: expected tiles, got none");
    const int height_px = tile_height_px(tiles);
    const int tile_width = kThumbWidthPx + kGapPx, tile_height = height_px + kTextHeightPx + kGapPx;
    const int count = static_cast<int>(tiles.size());
    const int columns = std::clamp(static_cast<int>(std::lround(std::sqrt(count * 1.2))), 1, 10);
    const int rows = (count + columns - 1) / columns;
    media::Image sheet(columns * tile_width + kGapPx, rows * tile_height + kGapPx);
    cv::Mat canvas(sheet.height, sheet.width, CV_8UC3, sheet.rgb.data());
    canvas.setTo(cv::Scalar(24, 24, 28));
    for (int i = 0; i < count; ++i) {
        draw_tile(canvas, tiles[i], kGapPx + (i % columns) * tile_width, kGapPx + (i / columns) * tile_height,
                  height_px);
    }
    return sheet;
}

}  // namespace vultus::preparation
