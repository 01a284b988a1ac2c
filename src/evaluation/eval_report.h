// What eval writes for people: plots, frame strips, videos and the page that shows them.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "media/image.h"
#include "media/video_writer.h"
#include "metrics/track_metrics.h"

namespace vultus::evaluation {

struct PlotLine {
    std::string label;
    metrics::Series values;
    std::uint8_t red, green, blue;
};
/// Lines over time from 0 upwards, with axes and a legend; 1200 x 300 px.
media::Image plot_series(const std::string& title, const std::vector<PlotLine>& lines, double fps);

/// Rows of frames (recording, reconstruction, speech-driven), `columns` of them evenly over the clip.
class FrameStrip {
  public:
    FrameStrip(int num_rows, int num_frames, int columns = 10, int cell_px = 128);
    /// Takes the frame when it is one of those shown.
    void offer(int row, int frame_index, const media::Image& image);
    const media::Image& image() const { return image_; }

  private:
    int num_frames_, columns_, cell_px_;
    media::Image image_;
};

/// Several images beside each other, with the sound of the recording.
class SideBySide {
  public:
    SideBySide(const std::filesystem::path& path, int size_px, int num_columns, int fps_num, int fps_den);
    /// columns: images of size_px x size_px; sound: the samples of this frame.
    void add(const std::vector<const media::Image*>& columns, const std::vector<float>& sound);
    void finish() { writer_->finish(); }

  private:
    int size_px_;
    media::Image joined_;
    std::unique_ptr<media::VideoWriter> writer_;
};

/// The samples that belong to frame `index`: sound[round(index * 16000 / fps) ...), silence after its end.
std::vector<float> frame_audio(const std::vector<float>& sound, std::int64_t index, double fps);

/// index.html: the table, the images of plots/ and strips/ and the videos, all by relative names.
std::string report_page(const std::string& title, const nlohmann::ordered_json& metrics,
                        const std::string& table, const std::vector<std::string>& clip_names,
                        const std::vector<std::string>& videos);

}  // namespace vultus::evaluation
