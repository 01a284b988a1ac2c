#include "corpus/corpus.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/output_file.h"
#include "tensor/archive.h"

namespace vultus::corpus {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxJsonBytes = 64u << 20;
constexpr int kMaxSizePx = 4096;
constexpr int kMaxFramesPerClip = 10'000'000;

Json box_to_json(const Box& box) {
    return Json{{"x", box.x}, {"y", box.y}, {"width", box.width}, {"height", box.height}};
}

Box box_from_json(const Json& json) {
    return Box{json.at("x").get<double>(), json.at("y").get<double>(), json.at("width").get<double>(),
               json.at("height").get<double>()};
}

Json session_to_json(const Session& session) {
    return Json{{"id", session.id},
                {"source_width_px", session.source_width_px},
                {"source_height_px", session.source_height_px},
                {"crop_px", box_to_json(session.crop_px)},
                {"mouth_px", box_to_json(session.mouth_px)}};
}

Session session_from_json(const Json& json) {
    Session session;
    session.id = json.at("id").get<std::string>();
    session.source_width_px = json.at("source_width_px").get<int>();
    session.source_height_px = json.at("source_height_px").get<int>();
    session.crop_px = box_from_json(json.at("crop_px"));
    session.mouth_px = box_from_json(json.at("mouth_px"));
    return session;
}

Json clip_to_json(const Clip& clip) {
    Json json{{"name", clip.name},
              {"source", clip.source},
              {"session", clip.session},
              {"num_frames", clip.num_frames},
              {"split", clip.split == Split::kTrain ? "train" : "validation"},
              {"kept", clip.kept}};
    if (!clip.reason.empty()) json["reason"] = clip.reason;
    if (clip.first_frame != 0) json["first_frame"] = clip.first_frame;
    return json;
}

Clip clip_from_json(const Json& json, const std::string& file) {
    Clip clip;
    clip.name = json.at("name").get<std::string>();
    clip.source = json.at("source").get<std::string>();
    clip.session = json.at("session").get<std::string>();
    clip.num_frames = json.at("num_frames").get<int>();
    clip.kept = json.at("kept").get<bool>();
    clip.reason = json.value("reason", std::string());
    clip.first_frame = json.value("first_frame", 0);
    const auto split = json.at("split").get<std::string>();
    if (split != "train" && split != "validation")
        fail(ErrorCode::kCorruptData, "[corpus] {}: clip {}: expected split train or validation, got {}",
             file, clip.name, split);
    clip.split = split == "train" ? Split::kTrain : Split::kValidation;
    return clip;
}

// A clip's name becomes part of a path: one that leads out of the folder is refused.
void check_clip(const Clip& clip, const std::string& file) {
    const bool plain = !clip.name.empty() && clip.name[0] != '.' &&
                       clip.name.find('/') == std::string::npos && clip.name.find('\0') == std::string::npos;
    if (!plain)
        fail(ErrorCode::kCorruptData, "[corpus] {}: expected a plain clip name, got '{}'", file, clip.name);
    if (clip.num_frames < 0 || clip.num_frames > kMaxFramesPerClip)
        fail(ErrorCode::kCorruptData, "[corpus] {}: clip {}: expected 0 to {} frames, got {}", file,
             clip.name, kMaxFramesPerClip, clip.num_frames);
    if (clip.first_frame < 0)
        fail(ErrorCode::kCorruptData, "[corpus] {}: clip {}: expected a first frame from 0 on, got {}", file,
             clip.name, clip.first_frame);
}

void check_corpus(const Corpus& corpus, const std::string& file) {
    if (corpus.size_px < 8 || corpus.size_px > kMaxSizePx)
        fail(ErrorCode::kCorruptData, "[corpus] {}: expected size_px 8 to {}, got {}", file, kMaxSizePx,
             corpus.size_px);
    if (corpus.fps_num <= 0 || corpus.fps_den <= 0)
        fail(ErrorCode::kCorruptData, "[corpus] {}: expected a positive frame rate, got {}/{}", file,
             corpus.fps_num, corpus.fps_den);
    std::set<std::string> session_ids, clip_names;
    for (const Session& session : corpus.sessions) session_ids.insert(session.id);
    for (const Clip& clip : corpus.clips) {
        check_clip(clip, file);
        if (!clip_names.insert(clip.name).second)
            fail(ErrorCode::kCorruptData, "[corpus] {}: clip {} is listed twice", file, clip.name);
        if (clip.kept && session_ids.count(clip.session) == 0)
            fail(ErrorCode::kCorruptData, "[corpus] {}: clip {} names the unknown session '{}'", file,
                 clip.name, clip.session);
    }
}

void sort_clips(std::vector<Clip>& clips) {
    std::sort(clips.begin(), clips.end(), [](const Clip& a, const Clip& b) { return a.name < b.name; });
}

Corpus parse_corpus(const Json& json, const std::filesystem::path& folder, const std::string& file) {
    const int version = json.at("version").get<int>();
    if (version > kCorpusVersion || version < 1)
        fail(ErrorCode::kUnsupported,
             "[corpus] {}: expected version {} or older, got {}; prepare it again or update", file,
             kCorpusVersion, version);
    Corpus corpus;
    corpus.folder = folder;
    corpus.size_px = json.at("size_px").get<int>();
    corpus.fps_num = json.at("fps_num").get<int>();
    corpus.fps_den = json.at("fps_den").get<int>();
    for (const Json& session : json.at("sessions")) corpus.sessions.push_back(session_from_json(session));
    for (const Json& clip : json.at("clips")) corpus.clips.push_back(clip_from_json(clip, file));
    sort_clips(corpus.clips);
    check_corpus(corpus, file);
    return corpus;
}

const HostTensor& shaped(const Archive& archive, const std::string& name, DType dtype, const Shape& shape,
                         const std::string& file) {
    const HostTensor& tensor = archive.at(name);
    if (tensor.dtype != dtype || tensor.shape != shape)
        fail(ErrorCode::kCorruptData, "[corpus] {}: {}: expected {} {}, got {} {}", file, name,
             dtype_name(dtype), to_string(shape), dtype_name(tensor.dtype), to_string(tensor.shape));
    return tensor;
}

template <typename T>
std::vector<T> values_of(const HostTensor& tensor) {
    const T* data = tensor.as<T>();
    return std::vector<T>(data, data + tensor.size());
}

}  // namespace

std::vector<const Clip*> Corpus::kept(Split split) const {
    std::vector<const Clip*> result;
    for (const Clip* clip : kept())
        if (clip->split == split) result.push_back(clip);
    return result;
}

std::vector<const Clip*> Corpus::kept() const {
    std::vector<const Clip*> result;
    for (const Clip& clip : clips)
        if (clip.kept) result.push_back(&clip);
    std::sort(result.begin(), result.end(), [](const Clip* a, const Clip* b) { return a->name < b->name; });
    return result;
}

const Session& Corpus::session_of(const Clip& clip) const {
    for (const Session& session : sessions)
        if (session.id == clip.session) return session;
    fail(ErrorCode::kCorruptData, "[corpus] clip {} names the unknown session '{}'", clip.name, clip.session);
}

Corpus load_corpus(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "corpus.json";
    if (!std::filesystem::exists(path))
        fail(ErrorCode::kIo, "[corpus] {}: expected a folder made by 'vultus prepare', found no corpus.json",
             folder.string());
    try {
        return parse_corpus(Json::parse(read_file(path, kMaxJsonBytes)), folder, path.string());
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[corpus] {}: damaged: {}", path.string(), error.what());
    }
}

void save_corpus(const Corpus& corpus) {
    const std::filesystem::path path = corpus.folder / "corpus.json";
    check_corpus(corpus, path.string());
    Json json{{"version", kCorpusVersion},
              {"size_px", corpus.size_px},
              {"fps_num", corpus.fps_num},
              {"fps_den", corpus.fps_den}};
    json["sessions"] = Json::array();
    for (const Session& session : corpus.sessions) json["sessions"].push_back(session_to_json(session));
    std::vector<Clip> clips = corpus.clips;
    sort_clips(clips);
    json["clips"] = Json::array();
    for (const Clip& clip : clips) json["clips"].push_back(clip_to_json(clip));
    // File names need not be UTF-8; such bytes are replaced rather than refused.
    write_file(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::vector<float> ClipTracks::sound() const {
    std::vector<float> samples;
    samples.reserve(audio.size());
    for (const std::int16_t sample : audio) samples.push_back(static_cast<float>(sample) / 32768.0f);
    return samples;
}

ClipTracks load_tracks(const Corpus& corpus, const Clip& clip) {
    const std::filesystem::path path = corpus.tracks_path(clip);
    const std::string file = path.string();
    const Archive archive = load_archive(path);
    for (const char* name : {"audio", "pose_deg", "landmarks_px", "valid"})
        if (!archive.has(name))
            fail(ErrorCode::kCorruptData, "[corpus] {}: expected a tensor {}", file, name);
    const std::int64_t frames = clip.num_frames;
    ClipTracks tracks;
    const HostTensor& audio = archive.at("audio");
    tracks.audio = values_of<std::int16_t>(
        shaped(archive, "audio", DType::kI16, {audio.shape.size() == 1 ? audio.shape[0] : 0}, file));
    tracks.pose_deg = values_of<float>(shaped(archive, "pose_deg", DType::kF32, {frames, 3}, file));
    tracks.landmarks_px =
        values_of<float>(shaped(archive, "landmarks_px", DType::kF32, {frames, kNumLandmarks, 2}, file));
    tracks.valid = values_of<std::uint8_t>(shaped(archive, "valid", DType::kU8, {frames}, file));
    return tracks;
}

void save_tracks(const Corpus& corpus, const Clip& clip, const ClipTracks& tracks) {
    const std::int64_t frames = clip.num_frames;
    require(static_cast<std::int64_t>(tracks.pose_deg.size()) == frames * 3 &&
                static_cast<std::int64_t>(tracks.landmarks_px.size()) == frames * kNumLandmarks * 2 &&
                static_cast<std::int64_t>(tracks.valid.size()) == frames,
            "[corpus] {}: expected tracks of {} frames, got {} poses, {} coordinates, {} marks", clip.name,
            frames, tracks.pose_deg.size() / 3, tracks.landmarks_px.size(), tracks.valid.size());
    Archive archive;
    archive.tensors["audio"] =
        HostTensor::from_i16({static_cast<std::int64_t>(tracks.audio.size())}, tracks.audio);
    archive.tensors["pose_deg"] = HostTensor::from_f32({frames, 3}, tracks.pose_deg);
    archive.tensors["landmarks_px"] = HostTensor::from_f32({frames, kNumLandmarks, 2}, tracks.landmarks_px);
    archive.tensors["valid"] = HostTensor::from_u8({frames}, tracks.valid);
    save_archive(corpus.tracks_path(clip), archive);
}

Split default_split(std::size_t position_in_sorted_names) {
    return position_in_sorted_names % 10 == 9 ? Split::kValidation : Split::kTrain;
}

constexpr std::size_t kFloatsPerFrame = 2 * kNumLandmarks;

double landmark_distance(const float* face, int a, int b) {
    return std::hypot(face[2 * a] - face[2 * b], face[2 * a + 1] - face[2 * b + 1]);
}

double inter_ocular_distance(const float* face) {
    double eye[2][2] = {};
    for (int i = 0; i < 12; ++i)
        for (int axis = 0; axis < 2; ++axis) eye[i / 6][axis] += face[2 * (36 + i) + axis] / 6.0;
    return std::hypot(eye[0][0] - eye[1][0], eye[0][1] - eye[1][1]);
}

std::vector<double> steady_inter_ocular_px(const std::vector<float>& landmarks_px) {
    require(landmarks_px.size() % kFloatsPerFrame == 0,
            "[corpus] landmarks: expected [T, 68, 2], got {} values", landmarks_px.size());
    constexpr std::ptrdiff_t kAround = 50;  // two seconds at 25 frames/s: longer than any blink
    std::vector<double> each, result, window;
    for (std::size_t at = 0; at < landmarks_px.size(); at += kFloatsPerFrame)
        each.push_back(inter_ocular_distance(landmarks_px.data() + at));
    const auto frames = static_cast<std::ptrdiff_t>(each.size());
    for (std::ptrdiff_t i = 0; i < frames; ++i) {
        window.assign(each.begin() + std::max<std::ptrdiff_t>(0, i - kAround),
                      each.begin() + std::min(frames, i + kAround + 1));
        // A frame without a face has all landmarks at one place.
        std::erase(window, 0.0);
        const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
        if (!window.empty()) std::nth_element(window.begin(), middle, window.end());
        result.push_back(each[static_cast<std::size_t>(i)] > 0 ? *middle : 0.0);
    }
    return result;
}

std::vector<float> lip_opening(const std::vector<float>& landmarks_px) {
    const std::vector<double> unit_px = steady_inter_ocular_px(landmarks_px);
    std::vector<float> result(unit_px.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
        const float* face = landmarks_px.data() + i * kFloatsPerFrame;
        const double opening = (landmark_distance(face, 61, 67) + landmark_distance(face, 62, 66) +
                                landmark_distance(face, 63, 65)) /
                               3.0;
        result[i] = unit_px[i] > 0 ? static_cast<float>(opening / unit_px[i]) : 0.0f;
    }
    return result;
}

void centred_points(const float* landmarks_px, double unit_px, int first, int last, float* out) {
    double mean[2] = {0, 0};
    for (int i = first; i < last; ++i)
        for (int axis = 0; axis < 2; ++axis) mean[axis] += landmarks_px[2 * i + axis] / (last - first);
    for (int i = first; i < last; ++i)
        for (int axis = 0; axis < 2; ++axis)
            *out++ = static_cast<float>((landmarks_px[2 * i + axis] - mean[axis]) / std::max(1e-6, unit_px));
}

}  // namespace vultus::corpus
