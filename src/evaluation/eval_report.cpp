#include "evaluation/eval_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "media/resize.h"

namespace vultus::evaluation {
namespace {

constexpr int kPlotWidth = 1200, kPlotHeight = 300;
constexpr int kLeft = 60, kRight = 20, kTop = 34, kBottom = 32;

cv::Mat view(media::Image& image) { return {image.height, image.width, CV_8UC3, image.rgb.data()}; }

void write_text(cv::Mat& picture, const std::string& text, int x, int y, const cv::Scalar& colour) {
    cv::putText(picture, text, {x, y}, cv::FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv::LINE_AA);
}

std::string escape_html(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

void draw_axes(cv::Mat& picture, double top_value, double seconds) {
    const cv::Scalar grey(225, 225, 225), dark(90, 90, 90);
    const int bottom = kPlotHeight - kBottom, right = kPlotWidth - kRight;
    for (int i = 0; i <= 4; ++i) {
        const int y = bottom - i * (bottom - kTop) / 4;
        cv::line(picture, {kLeft, y}, {right, y}, grey, 1);
        write_text(picture, fmt::format("{:.3f}", top_value * i / 4), 8, y + 4, dark);
    }
    const double step = seconds > 20 ? 5 : seconds > 6 ? 1 : 0.5;
    for (double t = 0; t <= seconds + 1e-9; t += step) {
        const int x = kLeft + static_cast<int>(std::lround(t / std::max(seconds, 1e-9) * (right - kLeft)));
        cv::line(picture, {x, kTop}, {x, bottom}, grey, 1);
        write_text(picture, fmt::format("{:g} s", t), x - 10, bottom + 18, dark);
    }
}

}  // namespace

media::Image plot_series(const std::string& title, const std::vector<PlotLine>& lines, double fps) {
    media::Image image(kPlotWidth, kPlotHeight);
    std::fill(image.rgb.begin(), image.rgb.end(), std::uint8_t{255});
    cv::Mat picture = view(image);
    double top_value = 1e-3;
    std::size_t frames = 2;
    for (const PlotLine& line : lines) {
        for (const float value : line.values) top_value = std::max<double>(top_value, value);
        frames = std::max(frames, line.values.size());
    }
    draw_axes(picture, top_value, static_cast<double>(frames - 1) / fps);
    const int bottom = kPlotHeight - kBottom, right = kPlotWidth - kRight;
    int legend_x = kPlotWidth - kRight - 160 * static_cast<int>(lines.size());
    for (const PlotLine& line : lines) {
        const cv::Scalar colour(line.red, line.green, line.blue);
        std::vector<cv::Point> points;
        for (std::size_t i = 0; i < line.values.size(); ++i)
            points.emplace_back(
                kLeft + static_cast<int>(std::lround(double(i) / double(frames - 1) * (right - kLeft))),
                bottom - static_cast<int>(std::lround(line.values[i] / top_value * (bottom - kTop))));
        cv::polylines(picture, points, false, colour, 2, cv::LINE_AA);
        cv::line(picture, {legend_x, 17}, {legend_x + 20, 17}, colour, 2);
        write_text(picture, line.label, legend_x + 26, 21, cv::Scalar(30, 30, 30));
        legend_x += 160;
    }
    write_text(picture, title, kLeft, 21, cv::Scalar(30, 30, 30));
    return image;
}

FrameStrip::FrameStrip(int num_rows, int num_frames, int columns, int cell_px)
    : num_frames_(num_frames),
      columns_(std::min(columns, num_frames)),
      cell_px_(cell_px),
      image_(std::max(columns_, 1) * cell_px, num_rows * cell_px) {}

void FrameStrip::offer(int row, int frame_index, const media::Image& image) {
    for (int column = 0; column < columns_; ++column) {
        const int shown = static_cast<int>((2LL * column + 1) * num_frames_ / (2LL * columns_));
        if (shown != frame_index) continue;
        media::Image cell;
        media::resize(image, cell_px_, cell);
        for (int y = 0; y < cell_px_; ++y)
            std::copy_n(cell.pixel(0, y), std::size_t{3} * cell_px_,
                        image_.pixel(column * cell_px_, row * cell_px_ + y));
    }
}

SideBySide::SideBySide(const std::filesystem::path& path, int size_px, int num_columns, int fps_num,
                       int fps_den)
    : size_px_(size_px), joined_((size_px * num_columns + 1) / 2 * 2, (size_px + 1) / 2 * 2) {
    media::VideoWriterOptions options;
    options.preset = "veryfast";  // to be looked at once; x264's medium took a tenth of the whole evaluation
    options.width = joined_.width;
    options.height = joined_.height;
    options.fps_num = fps_num;
    options.fps_den = fps_den;
    options.with_audio = true;
    writer_ = std::make_unique<media::VideoWriter>(path, options);
}

void SideBySide::add(const std::vector<const media::Image*>& columns, const std::vector<float>& sound) {
    for (std::size_t column = 0; column < columns.size(); ++column)
        for (int y = 0; y < size_px_; ++y)
            std::copy_n(columns[column]->pixel(0, y), std::size_t{3} * size_px_,
                        joined_.pixel(static_cast<int>(column) * size_px_, y));
    writer_->write_frame(joined_.rgb.data());
    writer_->write_audio(sound.data(), sound.size());
}

std::vector<float> frame_audio(const std::vector<float>& sound, std::int64_t index, double fps) {
    const auto sample_of = [&](std::int64_t frame) {
        return static_cast<std::size_t>(std::llround(static_cast<double>(frame) * 16000.0 / fps));
    };
    const std::size_t from = sample_of(index), to = sample_of(index + 1);
    std::vector<float> part(to - from, 0.0f);
    for (std::size_t n = from; n < std::min(to, sound.size()); ++n) part[n - from] = sound[n];
    return part;
}

std::string report_page(const std::string& title, const nlohmann::ordered_json& metrics,
                        const std::string& table, const std::vector<std::string>& clip_names,
                        const std::vector<std::string>& videos) {
    std::string page = fmt::format(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>"
        "body{{font:15px/1.5 sans-serif;margin:2em auto;max-width:1240px;padding:0 1em;color:#222}}"
        "pre{{background:#f5f5f5;padding:1em;overflow-x:auto}}img,video{{max-width:100%;display:block;margin:"
        ".4em 0}}"
        "</style></head><body><h1>{0}</h1>\n<p>Clips that were never trained on: {1}. In the pictures: "
        "recording, "
        "reconstruction, speech-driven.</p>\n<pre>{2}</pre>\n",
        escape_html(title), metrics.at("num_clips").get<std::size_t>(), escape_html(table));
    for (const std::string& video : videos)
        page += fmt::format("<h2>{0}</h2>\n<video controls src=\"{0}\"></video>\n", escape_html(video));
    for (const std::string& name : clip_names)
        page += fmt::format(
            "<h2>{0}</h2>\n<img src=\"openings/{0}.png\" alt=\"lip opening over time\">\n"
            "<img src=\"strips/{0}.png\" alt=\"frames\">\n",
            escape_html(name));
    return page + "<p>All numbers: <a href=\"metrics.json\">metrics.json</a>.</p>\n</body></html>\n";
}

}  // namespace vultus::evaluation
