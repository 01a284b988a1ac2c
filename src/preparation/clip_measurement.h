// What the first pass of `vultus prepare` finds in one recording.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "corpus/corpus.h"
#include "face/face_tracker.h"
#include "media/image.h"

namespace vultus::preparation {

struct ClipMeasurement {
    std::string name;
    std::filesystem::path source;
    std::string problem;              ///< why the file cannot be used; empty if it can
    int width = 0, height = 0;        ///< px, after rotation
    int fps_num = 0, fps_den = 1;     ///< rate of the frames below
    std::vector<float> landmarks_px;  ///< [T, 68, 2] in source pixels; invalid frames repeat their neighbour
    std::vector<std::uint8_t> valid;  ///< [T] exactly one clear face
    std::vector<std::int16_t> audio;  ///< 16 kHz mono, as long as the images
    std::vector<float> change;        ///< [T] mean grey-level change to the frame before, see AppearanceMeter
    media::Image median;              ///< median image, longest side kMedianSidePx

    int num_frames() const { return static_cast<int>(valid.size()); }
    int num_valid() const;
};

inline constexpr int kMedianSidePx = 160;

/// Gathers the median image and the frame-to-frame change of a clip with constant memory per frame.
class AppearanceMeter {
  public:
    void add(const media::Image& image);
    /// Median of up to kMaxSamples frames spread evenly over the clip; empty if there was none.
    media::Image median() const;
    /// [T] mean absolute change of small block means in grey levels; 0 for the first frame.
    const std::vector<float>& change() const { return change_; }

  private:
    static constexpr std::size_t kMaxSamples = 32;
    std::vector<media::Image> samples_;
    std::vector<float> previous_, change_;
    std::int64_t stride_ = 1, seen_ = 0;
};

/// Decodes `source` at the given rate, tracks the face and reads the sound. Faults of the file end up in
/// `problem`; only kCancelled, kInternal and a missing landmark file are thrown.
/// tick: called once per frame.
ClipMeasurement measure_clip(const std::filesystem::path& source, int fps_num, int fps_den,
                             face::FaceTracker& tracker, const std::function<void()>& tick);

/// Changes when the source file or the way it is measured does.
std::string measurement_key(const std::filesystem::path& source, int fps_num, int fps_den);

void save_measurement(const std::filesystem::path& path, const std::string& key, const ClipMeasurement& clip);
/// False if there is none with this key or it is damaged: it is measured again then.
bool load_measurement(const std::filesystem::path& path, const std::string& key, ClipMeasurement& clip);

}  // namespace vultus::preparation
