// The person file (`.vultus`): everything that is needed to make one person talk, in one safetensors file,
// through gzip (`gunzip < someone.vultus > someone.safetensors` takes it off; that is read, too).
//
// - metadata: format=vultus-person, version, card and model (ModelConfig) as JSON, fps_num, fps_den,
//   noise_seed and blinks_per_minute
// - unet.*, encoder.*, speech.*: weights, bf16
// - stats.mean_picture, u8 [S, S, 3]: see DiffusionConfig::residual
// - stats.reference, f32 [D]: normalised posture, see Stats
// - stats.latent_mean, stats.latent_std, f32 [D]
// - stats.pose_mean, stats.pose_std, f32 [3]: degrees
// - stats.mel_mean, stats.mel_std, f32 [num_mels]
// - stats.blink_direction, f32 [D]; stats.blink_shape, f32 [K]: how much of it at the frame rate, 0..1
// - stats.pose_motion, f32 [N, 3]: normalised recorded head motion about the mean, of pieces with
//   stats.motion_clips, f32 [K], frames one after the other (all one piece where that is missing)
// - stats.footage_crop, f32 [5], stats.steadiness, u8 [S, S]: see Stats
// - stats.lip_probe, f32 [D, 2]: what the speech network means its latents' lips to do
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/config.h"
#include "tensor/archive.h"

namespace vultus::person {

inline constexpr int kPersonVersion = 1;

/// Who this is and what may be done with it.
struct Card {
    std::string name, source, licence, attribution, consent, date;
    nlohmann::json training = nlohmann::json::object();  ///< summary: images, steps, losses, version
};

struct Stats {
    std::vector<std::uint8_t> mean_image;  ///< RGB [S, S, 3]
    /// [S, S]: how much of what is drawn about the mean image is shown, 255 all; empty: all. Where the
    /// recordings stand still, what is drawn would only flicker (evaluation/steadiness.h).
    std::vector<std::uint8_t> steadiness;
    /// Speech does not tell how the person sits: latents and pose are deviations from one posture, the
    /// reference, between the means of one recording and of all, in units of the spread within recordings.
    std::vector<float> reference;  ///< the reference among the mean latents of all recordings
    std::vector<float> latent_mean, latent_std;
    std::vector<float> pose_mean, pose_std;
    std::vector<float> mel_mean, mel_std;
    std::vector<float> blink_direction, blink_shape;
    double blinks_per_minute = 0;
    std::vector<float> pose_motion;   ///< [N, 3]
    std::vector<float> motion_clips;  ///< [K]: whole numbers, N together; empty: one piece
    /// [5]: left, top and side of the drawn square in the footage, and the footage's width and height, px;
    /// empty in files of before.
    std::vector<float> footage_crop;
    /// [D, 2]: opening and width of the lips (inter-ocular distances) per unit of each normalised latent that
    /// the speech network gives; empty in files of before.
    std::vector<float> lip_probe;
};

struct Person {
    Card card;
    models::ModelConfig model;
    int fps_num = 25, fps_den = 1;
    std::uint64_t noise_seed = 0;
    Stats stats;
    Archive weights;  ///< unet.*, encoder.*, speech.* only

    double fps() const { return static_cast<double>(fps_num) / fps_den; }
    bool can_speak() const { return !stats.latent_mean.empty(); }
};

/// Errors: kIo; kCorruptData when damaged, cut, or with sizes that do not fit together; kUnsupported when
/// made by a newer version.
Person load_person(const std::filesystem::path& path);
void save_person(const std::filesystem::path& path, const Person& person);

nlohmann::json to_json(const Card& card);

}  // namespace vultus::person
