#include "preparation/clip_measurement.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/cancel.h"
#include "base/error.h"
#include "media/audio_reader.h"
#include "media/video_reader.h"
#include "metrics/image_metrics.h"
#include "preparation/read_ahead.h"
#include "tensor/archive.h"

namespace vultus::preparation {
namespace {

constexpr int kMeasureVersion = 3;
constexpr double kMaxDamagedShare = 0.1;  // of the images: more, and the rest cannot be trusted either
constexpr double kMinDecodedShare = 0.9;  // of the length the container claims
constexpr int kSilentPeak = 8;            // of 32767: a microphone that was on is louder
constexpr double kMinFaceWidthPx = 40;
constexpr double kThumbsEverySeconds = 0.5;
constexpr std::size_t kMaxThumbs = 256;

/// Small pictures at even distances; the distance doubles when there are too many.
class ThumbKeeper {
  public:
    explicit ThumbKeeper(double fps)
        : stride_(std::max(1, static_cast<int>(std::lround(kThumbsEverySeconds * fps)))) {}
    void add(int frame, const media::Image& image);
    std::vector<Thumb> take() { return std::move(thumbs_); }

  private:
    std::vector<Thumb> thumbs_;
    int stride_;
};

/// Nearest-area reduction to kThumbSidePx.
media::Image shrink(const media::Image& image) {
    const double scale =
        std::max(1.0, static_cast<double>(std::max(image.width, image.height)) / kThumbSidePx);
    media::Image out(std::max(1, static_cast<int>(image.width / scale)),
                     std::max(1, static_cast<int>(image.height / scale)));
    for (int y = 0; y < out.height; ++y) {
        const int y0 = y * image.height / out.height,
                  y1 = std::max(y0 + 1, (y + 1) * image.height / out.height);
        for (int x = 0; x < out.width; ++x) {
            const int x0 = x * image.width / out.width,
                      x1 = std::max(x0 + 1, (x + 1) * image.width / out.width);
            for (int c = 0; c < 3; ++c) {
                int sum = 0;
                for (int sy = y0; sy < y1; ++sy) {
                    for (int sx = x0; sx < x1; ++sx) sum += image.pixel(sx, sy)[c];
                }
                out.pixel(x, y)[c] = static_cast<std::uint8_t>(sum / ((y1 - y0) * (x1 - x0)));
            }
        }
    }
    return out;
}

/// Frames without a face repeat the landmarks of the nearest frame before (else after) that has one.
void fill_gaps(ClipMeasurement& clip) {
    const int n = clip.num_frames();
    const auto copy = [&](int from, int to) {
        std::copy_n(clip.landmarks_px.begin() + 136 * from, 136, clip.landmarks_px.begin() + 136 * to);
    };
    int first = 0;
    while (first < n && !clip.valid[first]) ++first;
    if (first == n) return;
    for (int i = 0; i < first; ++i) copy(first, i);
    for (int i = first + 1; i < n; ++i) {
        if (!clip.valid[i]) copy(i - 1, i);
    }
}

void ThumbKeeper::add(int frame, const media::Image& image) {
    if (frame % stride_ != 0) return;
    thumbs_.push_back({frame, shrink(image)});
    if (thumbs_.size() < kMaxThumbs) return;
    stride_ *= 2;
    std::erase_if(thumbs_, [this](const Thumb& thumb) { return thumb.frame % stride_ != 0; });
}

/// What the tracker saw of one frame. Between two looks of the detector that disagree nobody knows when the
/// face came or went: the worse of both holds.
void note_faces(ClipMeasurement& clip, const face::FaceObservation& seen, int& last_look) {
    const int index = clip.num_frames();
    const int faces = seen.found ? std::min(seen.num_faces, 2) : 0;
    if (seen.detected || !seen.found) {
        for (int t = last_look + 1; t < index; ++t)
            clip.num_faces[t] = static_cast<std::uint8_t>(faces == 1 ? clip.num_faces[last_look] : faces);
        last_look = index;
    }
    clip.num_faces.push_back(static_cast<std::uint8_t>(faces));
    clip.valid.push_back(faces == 1);
}

void read_pictures(ClipMeasurement& clip, face::FaceTracker& tracker, const std::function<void()>& tick) {
    media::VideoReader reader(clip.source, {clip.fps_num, clip.fps_den, 1, media::Colours::kQuick});
    clip.width = reader.width();
    clip.height = reader.height();
    ThumbKeeper thumbs(clip.fps());
    media::Image image;
    tracker.reset();
    int last_look = 0;
    ReadAhead pictures(reader);
    while (pictures.read(image)) {
        throw_if_cancelled();
        const face::FaceObservation seen = tracker.observe(image);
        thumbs.add(clip.num_frames(), image);
        note_faces(clip, seen, last_look);
        const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
        append(clip.landmarks_px, seen.landmarks_px);
        append(clip.cells, metrics::cell_colours(image, kCellColumns, kCellRows));
        append(clip.faces, metrics::upright_face(image, seen.landmarks_px.data(), kFaceSide));
        tick();
    }
    for (int t = 0; t < clip.num_frames(); ++t) clip.valid[t] = clip.num_faces[t] == 1;
    clip.thumbs = thumbs.take();
    const double seconds = clip.num_frames() / reader.fps();
    if (reader.num_damaged() > std::max(1.0, kMaxDamagedShare * clip.num_frames())) {
        clip.problem = fmt::format("damaged: {} pictures do not decode", reader.num_damaged());
    } else if (seconds < kMinDecodedShare * reader.claimed_seconds() - 0.1) {
        clip.note = fmt::format("cut short: {:.1f} s of {:.1f} s decode", seconds, reader.claimed_seconds());
    }
}

void read_sound(ClipMeasurement& clip) {
    const std::size_t wanted = static_cast<std::size_t>(std::llround(
        static_cast<double>(clip.num_frames()) * clip.fps_den / clip.fps_num * corpus::kSampleRateHz));
    media::AudioReader reader(clip.source, corpus::kSampleRateHz);
    std::vector<float> samples(wanted);
    const std::size_t got = reader.read(samples.data(), wanted);
    clip.audio.resize(wanted);
    int peak = 0;
    for (std::size_t i = 0; i < wanted; ++i) {
        clip.audio[i] =
            static_cast<std::int16_t>(std::lround(std::clamp(samples[i], -1.0f, 1.0f) * 32767.0f));
        peak = std::max(peak, std::abs(static_cast<int>(clip.audio[i])));
    }
    clip.num_heard_frames = static_cast<int>(
        std::ceil(static_cast<double>(got) / corpus::kSampleRateHz * clip.fps_num / clip.fps_den));
    if (peak < kSilentPeak) {
        clip.problem = "the sound is silent";
    }
}

/// Median face width: from the leftmost to the rightmost landmark.
double median_face_width_px(const ClipMeasurement& clip) {
    std::vector<float> widths;
    for (int t = 0; t < clip.num_frames(); ++t) {
        if (!clip.valid[t]) continue;
        float low = 1e9f, high = -1e9f;
        for (int k = 0; k < corpus::kNumLandmarks; ++k) {
            low = std::min(low, clip.landmarks_px[136 * t + 2 * k]);
            high = std::max(high, clip.landmarks_px[136 * t + 2 * k]);
        }
        widths.push_back(high - low);
    }
    if (widths.empty()) return 0;
    std::nth_element(widths.begin(), widths.begin() + widths.size() / 2, widths.end());
    return widths[widths.size() / 2];
}

void judge_face(ClipMeasurement& clip) {
    if (clip.num_valid() == 0) {
        clip.problem = "no frame shows exactly one clear face";
    } else if (const double width = median_face_width_px(clip); width < kMinFaceWidthPx) {
        clip.problem =
            fmt::format("the face is only {:.0f} px wide, expected at least {:.0f}", width, kMinFaceWidthPx);
    }
}

/// Error texts name module and file; reports name the file already.
std::string short_reason(const std::string& text, const std::filesystem::path& source) {
    const std::string prefix = fmt::format("[media] {}: ", source.string());
    return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text;
}

}  // namespace

int ClipMeasurement::num_valid() const { return static_cast<int>(std::count(valid.begin(), valid.end(), 1)); }

ClipMeasurement part_of(const ClipMeasurement& recording, int first, int count) {
    ClipMeasurement part;
    part.name = recording.name;
    part.source = recording.source;
    part.first_frame = recording.first_frame + first;
    part.width = recording.width;
    part.height = recording.height;
    part.fps_num = recording.fps_num;
    part.fps_den = recording.fps_den;
    const auto slice = [&](const auto& from, auto& to, std::size_t row) {
        if (from.empty()) return;
        to.assign(from.begin() + first * row, from.begin() + (first + count) * row);
    };
    slice(recording.landmarks_px, part.landmarks_px, 136);
    slice(recording.valid, part.valid, 1);
    slice(recording.num_faces, part.num_faces, 1);
    slice(recording.cells, part.cells, kCellBytes);
    slice(recording.faces, part.faces, kFaceBytes);
    if (!recording.audio.empty()) {
        const auto sample = [&](int frame) {
            return std::min<std::size_t>(recording.audio.size(),
                                         std::llround(frame * corpus::kSampleRateHz / recording.fps()));
        };
        part.audio.assign(recording.audio.begin() + sample(first),
                          recording.audio.begin() + sample(first + count));
    }
    part.num_heard_frames = std::clamp(recording.num_heard_frames - first, 0, count);
    return part;
}

ClipMeasurement measure_clip(const std::filesystem::path& source, int fps_num, int fps_den,
                             face::FaceTracker& tracker, const std::function<void()>& tick) {
    ClipMeasurement clip;
    clip.name = source.stem().string();
    clip.source = source;
    clip.fps_num = fps_num;
    clip.fps_den = fps_den;
    try {
        read_pictures(clip, tracker, tick);
        fill_gaps(clip);
        if (clip.problem.empty()) judge_face(clip);
        if (clip.problem.empty()) read_sound(clip);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kInternal) throw;
        clip.problem = short_reason(error.what(), source);
    }
    return clip;
}

std::string measurement_key(const std::filesystem::path& source, int fps_num, int fps_den,
                            const face::FaceWanted& face) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(source, ignored);
    const auto time = std::filesystem::last_write_time(source, ignored).time_since_epoch();
    return fmt::format("{}|{}|{}|{}/{}|{}|face {} {},{}",
                       std::filesystem::absolute(source, ignored).lexically_normal().string(), size,
                       std::chrono::duration_cast<std::chrono::milliseconds>(time).count(), fps_num, fps_den,
                       kMeasureVersion, static_cast<int>(face.rule), face.x_px, face.y_px);
}

void save_measurement(const std::filesystem::path& path, const std::string& key,
                      const ClipMeasurement& clip) {
    const std::int64_t frames = clip.num_frames();
    Archive archive;
    archive.metadata = {{"key", key}, {"problem", clip.problem}, {"note", clip.note}};
    archive.tensors["landmarks_px"] = HostTensor::from_f32({frames, 68, 2}, clip.landmarks_px);
    archive.tensors["valid"] = HostTensor::from_u8({frames}, clip.valid);
    archive.tensors["num_faces"] = HostTensor::from_u8({frames}, clip.num_faces);
    archive.tensors["cells"] = HostTensor::from_u8({frames, kCellRows, kCellColumns, 3}, clip.cells);
    archive.tensors["faces"] = HostTensor::from_u8({frames, kFaceSide, kFaceSide}, clip.faces);
    archive.tensors["audio"] =
        HostTensor::from_i16({static_cast<std::int64_t>(clip.audio.size())}, clip.audio);
    for (const Thumb& thumb : clip.thumbs)
        archive.tensors[fmt::format("thumb {:08}", thumb.frame)] =
            HostTensor::from_u8({thumb.image.height, thumb.image.width, 3}, thumb.image.rgb);
    archive.tensors["size_px"] = HostTensor::from_f32(
        {3}, std::vector<float>{static_cast<float>(clip.width), static_cast<float>(clip.height),
                                static_cast<float>(clip.num_heard_frames)});
    save_archive(path, archive);
}

bool load_measurement(const std::filesystem::path& path, const std::string& key, ClipMeasurement& clip) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return false;
    try {
        const Archive archive = load_archive(path);
        const auto found = archive.metadata.find("key");
        if (found == archive.metadata.end() || found->second != key) return false;
        const auto bytes = [&](const char* name) {
            const HostTensor& tensor = archive.at(name);
            return std::vector<std::uint8_t>(tensor.as<std::uint8_t>(),
                                             tensor.as<std::uint8_t>() + tensor.size());
        };
        const HostTensor& audio = archive.at("audio");
        clip.problem = archive.metadata.at("problem");
        clip.note = archive.metadata.at("note");
        clip.landmarks_px = archive.at("landmarks_px").to_f32();
        clip.valid = bytes("valid");
        clip.num_faces = bytes("num_faces");
        clip.cells = bytes("cells");
        clip.faces = bytes("faces");
        clip.audio.assign(audio.as<std::int16_t>(), audio.as<std::int16_t>() + audio.size());
        clip.thumbs.clear();
        for (const auto& [name, tensor] : archive.tensors) {
            if (name.rfind("thumb ", 0) != 0) continue;
            Thumb thumb{std::stoi(name.substr(6)), media::Image(static_cast<int>(tensor.shape.at(1)),
                                                                static_cast<int>(tensor.shape.at(0)))};
            thumb.image.rgb = bytes(name.c_str());
            clip.thumbs.push_back(std::move(thumb));
        }
        const std::vector<float> size = archive.at("size_px").to_f32();
        clip.width = static_cast<int>(size.at(0));
        clip.height = static_cast<int>(size.at(1));
        clip.num_heard_frames = static_cast<int>(size.at(2));
        return clip.landmarks_px.size() == 136 * clip.valid.size() &&
               clip.num_faces.size() == clip.valid.size() &&
               clip.cells.size() == kCellBytes * clip.valid.size() &&
               clip.faces.size() == kFaceBytes * clip.valid.size();
    } catch (const std::exception&) {
        return false;  // a damaged leftover of an earlier run: measured again
    }
}

}  // namespace vultus::preparation
