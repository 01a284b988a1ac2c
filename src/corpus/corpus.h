// A prepared corpus: a folder that `vultus prepare` writes and that training and evaluation read.
//
//     me.corpus/corpus.json            what this header describes
//     me.corpus/clips/NAME.mp4         face crop, size_px x size_px, H.264, the corpus's frame rate, no sound
//     me.corpus/clips/NAME.safetensors sound and measurements, see ClipTracks
//     me.corpus/contact_sheet.png report.txt
//     me.corpus/frames-SIZE.u8         unpacked frames of all kept clips, see frame_cache.h (made when
//     needed)
//     me.corpus/motion-SIZE.i16        how all kept frames come from two of them, see motion_cache.h
//
// Reading this needs no FFmpeg, OpenCV or dlib: the trainer runs where there is only LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/host_tensor.h"

namespace vultus::corpus {

inline constexpr int kCorpusVersion = 1;
inline constexpr int kSampleRateHz = 16000;
inline constexpr int kNumLandmarks = 68;  ///< iBUG 300-W order; inner lips are 60..67

enum class Split { kTrain, kValidation };

/// A box in pixels: left, top, width, height.
struct Box {
    double x = 0, y = 0, width = 0, height = 0;
};

/// One recording session: one camera set-up with one fixed square crop.
struct Session {
    std::string id;
    int source_width_px = 0, source_height_px = 0;  ///< after rotation
    Box crop_px;                                    ///< square, in source pixels
    Box mouth_px;  ///< box around all mouth landmarks of the session (1st..99th percentile plus a margin), in
                   ///< crop pixels at size_px
};

struct Clip {
    std::string name;    ///< unique; the recording's (file stem), or NAME-01, NAME-02, ... of its parts
    std::string source;  ///< the file it came from
    std::string session;
    int num_frames = 0;
    Split split = Split::kTrain;
    bool kept = true;
    std::string reason;   ///< why it was left out, when it was
    int first_frame = 0;  ///< where it begins in its source, at the corpus's frame rate
};

struct Corpus {
    std::filesystem::path folder;
    int size_px = 256;
    int fps_num = 25, fps_den = 1;
    std::vector<Session> sessions;
    std::vector<Clip> clips;  ///< sorted by name; the ones left out too

    double fps() const { return static_cast<double>(fps_num) / fps_den; }
    std::filesystem::path video_path(const Clip& clip) const {
        return folder / "clips" / (clip.name + ".mp4");
    }
    std::filesystem::path tracks_path(const Clip& clip) const {
        return folder / "clips" / (clip.name + ".safetensors");
    }
    /// Kept clips of one split, sorted by name.
    std::vector<const Clip*> kept(Split split) const;
    /// All kept clips, sorted by name.
    std::vector<const Clip*> kept() const;
    const Session& session_of(const Clip& clip) const;
};

/// What was measured of one clip; T = Clip::num_frames.
struct ClipTracks {
    std::vector<std::int16_t> audio;  ///< `audio` i16 [N], 16 kHz mono; sample 0 is the start of frame 0
    std::vector<float> pose_deg;  ///< `pose_deg` f32 [T, 3]: yaw (+ to the person's left), pitch (+ up), roll
                                  ///< (+ clockwise in the image)
    std::vector<float> landmarks_px;  ///< `landmarks_px` f32 [T, 68, 2]: x, y in crop pixels at size_px
    std::vector<std::uint8_t>
        valid;  ///< `valid` u8 [T]: 0 where no one clear face was found; such frames are not trained on

    /// The sound in -1..1.
    std::vector<float> sound() const;
};

/// Errors: kIo, kCorruptData (missing keys, wrong shapes), kUnsupported (newer version).
Corpus load_corpus(const std::filesystem::path& folder);
void save_corpus(const Corpus& corpus);
ClipTracks load_tracks(const Corpus& corpus, const Clip& clip);
void save_tracks(const Corpus& corpus, const Clip& clip, const ClipTracks& tracks);

/// Default split: clips whose position in the sorted list of kept and unkept names is 9 modulo 10 validate.
Split default_split(std::size_t position_in_sorted_names);

/// Distance between two landmarks of a face [68, 2], in its pixels.
double landmark_distance(const float* face, int a, int b);
/// Distance between the eye centres (means of 36..41 and of 42..47).
double inter_ocular_distance(const float* face);
/// The unit that lips are measured in, for every frame: the median inter-ocular distance of the 101 frames
/// around it. It follows a head that comes nearer; a single frame's would follow the lids, which move the
/// eyes' landmarks by 2 % of it in every blink. landmarks_px [T, 68, 2]; result [T], 0 where no face was
/// found.
std::vector<double> steady_inter_ocular_px(const std::vector<float>& landmarks_px);

/// Inner-lip opening of every frame: mean of |61-67|, |62-66|, |63-65|, in steady inter-ocular distances.
/// landmarks_px [T, 68, 2]; result [T].
std::vector<float> lip_opening(const std::vector<float>& landmarks_px);

/// Landmarks first..last-1 of a face [68, 2] about their centre, over unit_px; out [2 * count].
void centred_points(const float* landmarks_px, double unit_px, int first, int last, float* out);

}  // namespace vultus::corpus
