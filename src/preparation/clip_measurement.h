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

inline constexpr int kCellColumns = 24, kCellRows = 18;  ///< grid of mean colours that covers the picture
inline constexpr int kCellBytes = 3 * kCellColumns * kCellRows;
inline constexpr int kFaceSide = 16;  ///< px, of the upright grey face
inline constexpr int kFaceBytes = kFaceSide * kFaceSide;
inline constexpr int kThumbSidePx = 192;  ///< longest side

struct Thumb {
    int frame = 0;
    media::Image image;
};

/// A recording, or a part of one (part_of).
struct ClipMeasurement {
    std::string name;
    std::filesystem::path source;
    std::string problem;              ///< why the file cannot be used; empty if it can
    std::string note;                 ///< what is wrong with a file that can be used all the same
    int first_frame = 0;              ///< of the source, at the rate below
    int width = 0, height = 0;        ///< px, after rotation
    int fps_num = 0, fps_den = 1;     ///< rate of the frames below
    std::vector<float> landmarks_px;  ///< [T, 68, 2] in source pixels; invalid frames repeat their neighbour
    std::vector<std::uint8_t> valid;  ///< [T] exactly one clear face, fit to learn from
    std::vector<std::uint8_t> num_faces;  ///< [T] 0, 1, or 2 for more
    std::vector<std::uint8_t> cells;      ///< [T, kCellRows, kCellColumns, 3] mean colours
    std::vector<std::uint8_t> faces;      ///< [T, kFaceSide, kFaceSide] upright_face
    std::vector<std::int16_t> audio;      ///< 16 kHz mono, as long as the images
    int num_heard_frames = 0;             ///< how far the sound goes
    std::vector<Thumb> thumbs;            ///< evenly spread, for the contact sheet

    int num_frames() const { return static_cast<int>(valid.size()); }
    int num_valid() const;
    double fps() const { return static_cast<double>(fps_num) / fps_den; }
    const float* landmarks(int frame) const { return landmarks_px.data() + 136 * std::size_t(frame); }
    const std::uint8_t* cells_of(int frame) const { return cells.data() + kCellBytes * std::size_t(frame); }
    const std::uint8_t* face_of(int frame) const { return faces.data() + kFaceBytes * std::size_t(frame); }
};

/// Frames first, first + 1, ... of a recording, without its thumbs.
ClipMeasurement part_of(const ClipMeasurement& recording, int first, int count);

/// Decodes `source` at the given rate, tracks the face and reads the sound. Faults of the file end up in
/// `problem`; only kCancelled, kInternal and a missing landmark file are thrown.
/// tick: called once per frame.
ClipMeasurement measure_clip(const std::filesystem::path& source, int fps_num, int fps_den,
                             face::FaceTracker& tracker, const std::function<void()>& tick);

/// Changes when the source file or the way it is measured does.
std::string measurement_key(const std::filesystem::path& source, int fps_num, int fps_den,
                            const face::FaceWanted& face);

void save_measurement(const std::filesystem::path& path, const std::string& key, const ClipMeasurement& clip);
/// False if there is none with this key or it is damaged: it is measured again then.
bool load_measurement(const std::filesystem::path& path, const std::string& key, ClipMeasurement& clip);

}  // namespace vultus::preparation
