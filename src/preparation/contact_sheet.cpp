#include "preparation/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace vultus::preparation {
namespace {

constexpr int kThumbWidthPx = 132, kThumbHeightPx = 106, kTextHeightPx = 14, kGapPx = 4;
constexpr std::size_t kLineCharacters = 24, kReasonLines = 3;

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

void draw_cell(cv::Mat& canvas, const SheetCell& cell, int x, int y) {
    const cv::Rect place(x, y, kThumbWidthPx, kThumbHeightPx);
    if (cell.picture && !cell.picture->empty()) {
        const media::Image& p = *cell.picture;
        const cv::Mat rgb(p.height, p.width, CV_8UC3, const_cast<std::uint8_t*>(p.rgb.data()));
        const double scale = std::min(static_cast<double>(kThumbWidthPx) / p.width,
                                      static_cast<double>(kThumbHeightPx) / p.height);
        const int width = std::max(1, static_cast<int>(p.width * scale)),
                  height = std::max(1, static_cast<int>(p.height * scale));
        cv::Mat target = canvas(
            cv::Rect(x + (kThumbWidthPx - width) / 2, y + (kThumbHeightPx - height) / 2, width, height));
        cv::resize(rgb, target, target.size(), 0, 0, cv::INTER_AREA);
    }
    const bool left_out = !cell.reason.empty();
    write_text(canvas, cell.name.substr(0, kLineCharacters), x, y + kThumbHeightPx + 10,
               left_out ? cv::Scalar(255, 120, 120) : cv::Scalar(220, 220, 220));
    if (!left_out) return;
    cv::rectangle(canvas, place, cv::Scalar(230, 30, 30), 3);
    int baseline = y + 12;
    for (const std::string& line : wrap(cell.reason)) {
        cv::rectangle(canvas, cv::Rect(x + 3, baseline - 9, kThumbWidthPx - 6, 12), cv::Scalar(60, 0, 0),
                      cv::FILLED);
        write_text(canvas, line, x + 4, baseline, cv::Scalar(255, 210, 210));
        baseline += 11;
    }
}

}  // namespace

media::Image draw_contact_sheet(const std::vector<SheetCell>& cells) {
    if (cells.empty()) fail(ErrorCode::kInvalidArgument, "[prepare] contact sheet: expected clips, got none");
    const int cell_width = kThumbWidthPx + kGapPx, cell_height = kThumbHeightPx + kTextHeightPx + kGapPx;
    const int count = static_cast<int>(cells.size());
    const int columns = std::clamp(static_cast<int>(std::lround(std::sqrt(count * 1.2))), 1, 40);
    const int rows = (count + columns - 1) / columns;
    media::Image sheet(columns * cell_width + kGapPx, rows * cell_height + kGapPx);
    cv::Mat canvas(sheet.height, sheet.width, CV_8UC3, sheet.rgb.data());
    canvas.setTo(cv::Scalar(24, 24, 28));
    for (int i = 0; i < count; ++i) {
        draw_cell(canvas, cells[i], kGapPx + (i % columns) * cell_width,
                  kGapPx + (i / columns) * cell_height);
    }
    return sheet;
}

}  // namespace vultus::preparation
