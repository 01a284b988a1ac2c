#include "person/person.h"

#include <cmath>

#include "base/error.h"

namespace vultus::person {
namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "vultus-person";

const std::string& entry(const Archive& archive, const std::string& key, const std::string& file) {
    const auto found = archive.metadata.find(key);
    if (found == archive.metadata.end())
        fail(ErrorCode::kCorruptData, "[person] {}: expected a person file, found no '{}' in it", file, key);
    return found->second;
}

int positive(const Archive& archive, const std::string& key, const std::string& file) {
    const Json value = Json::parse(entry(archive, key, file));
    if (!value.is_number_integer() || value < 1 || value > 1000000)
        fail(ErrorCode::kCorruptData, "[person] {}: {}: expected a positive number, got {}", file, key,
             value.dump());
    return value.get<int>();
}

Card card_from_json(const Json& json) {
    return {json.value("name", ""),
            json.value("source", ""),
            json.value("licence", ""),
            json.value("attribution", ""),
            json.value("consent", ""),
            json.value("date", ""),
            json.value("training", Json::object())};
}

/// A statistic with exactly `count` finite values; absent ones stay empty when `optional`.
std::vector<float> statistic(const Archive& archive, const std::string& name, std::int64_t count,
                             bool optional, const std::string& file) {
    if (optional && !archive.has(name)) return {};
    const HostTensor& tensor = archive.at(name);
    if (count > 0 && tensor.size() != count)
        fail(ErrorCode::kCorruptData, "[person] {}: {}: expected {} values, got {}", file, name, count,
             tensor.size());
    std::vector<float> values = tensor.to_f32();
    for (const float value : values)
        if (!(std::abs(value) < 1e30f))
            fail(ErrorCode::kCorruptData, "[person] {}: {} holds a value that is not finite", file, name);
    return values;
}

/// A square inside a picture that somebody could have filmed.
void check_footage_crop(const std::vector<float>& crop, const std::string& file) {
    if (crop.empty()) return;
    const bool inside = crop[0] >= 0 && crop[1] >= 0 && crop[2] >= 1 && crop[0] + crop[2] <= crop[3] &&
                        crop[1] + crop[2] <= crop[4] && crop[3] <= 65536 && crop[4] <= 65536;
    if (!inside)
        fail(ErrorCode::kCorruptData,
             "[person] {}: stats.footage_crop: expected a square inside its picture, got {} at {}, {} in {} "
             "x {}",
             file, crop[2], crop[0], crop[1], crop[3], crop[4]);
}

std::vector<std::uint8_t> picture(const Archive& archive, const char* name, const Shape& shape,
                                  const std::string& file) {
    const HostTensor& found = archive.at(name);
    if (found.dtype != DType::kU8 || found.shape != shape)
        fail(ErrorCode::kCorruptData, "[person] {}: {}: expected U8 {}, got {} {}", file, name,
             to_string(shape), dtype_name(found.dtype), to_string(found.shape));
    return found.bytes;
}

Stats stats_from(const Archive& archive, const models::ModelConfig& model, const std::string& file) {
    Stats stats;
    const std::int64_t size = model.unet.size_px, latent = model.unet.latent;
    if (model.diffusion.residual)
        stats.mean_image = picture(archive, "stats.mean_picture", {size, size, 3}, file);
    if (archive.has("stats.steadiness"))
        stats.steadiness = picture(archive, "stats.steadiness", {size, size}, file);
    const bool silent = !archive.has("stats.latent_mean");
    stats.reference = statistic(archive, "stats.reference", latent, true, file);
    stats.latent_mean = statistic(archive, "stats.latent_mean", latent, silent, file);
    stats.latent_std = statistic(archive, "stats.latent_std", latent, silent, file);
    stats.pose_mean = statistic(archive, "stats.pose_mean", 3, silent, file);
    stats.pose_std = statistic(archive, "stats.pose_std", 3, silent, file);
    stats.mel_mean = statistic(archive, "stats.mel_mean", model.speech.num_mels, silent, file);
    stats.mel_std = statistic(archive, "stats.mel_std", model.speech.num_mels, silent, file);
    stats.blink_direction = statistic(archive, "stats.blink_direction", latent, true, file);
    stats.blink_shape = statistic(archive, "stats.blink_shape", 0, true, file);
    stats.pose_motion = statistic(archive, "stats.pose_motion", 0, true, file);
    stats.lip_probe = statistic(archive, "stats.lip_probe", 2 * latent, true, file);
    stats.footage_crop = statistic(archive, "stats.footage_crop", 5, true, file);
    check_footage_crop(stats.footage_crop, file);
    stats.motion_clips = statistic(archive, "stats.motion_clips", 0, true, file);
    double frames = 0;
    for (const float count : stats.motion_clips)
        frames += count >= 1 && count == std::floor(count) ? count : NAN;
    const std::size_t values = stats.pose_motion.size();
    if (values % 3 != 0 || (!stats.motion_clips.empty() && frames * 3 != static_cast<double>(values)))
        fail(ErrorCode::kCorruptData,
             "[person] {}: stats.pose_motion: expected rows of 3, as many as stats.motion_clips says, got {} "
             "values",
             file, values);
    return stats;
}

Person person_from(Archive archive, const std::string& file) {
    if (entry(archive, "format", file) != kFormat)
        fail(ErrorCode::kCorruptData, "[person] {}: expected format {}, got {}", file, kFormat,
             archive.metadata["format"]);
    if (const int version = positive(archive, "version", file); version > kPersonVersion)
        fail(ErrorCode::kUnsupported,
             "[person] {}: made by a newer version (file version {}, this program reads up to {})", file,
             version, kPersonVersion);
    Person person;
    person.model = models::model_config_from_json(Json::parse(entry(archive, "model", file)));
    person.card = card_from_json(Json::parse(entry(archive, "card", file)));
    person.fps_num = positive(archive, "fps_num", file);
    person.fps_den = positive(archive, "fps_den", file);
    if (!(person.fps() >= 1 && person.fps() <= 1000))
        fail(ErrorCode::kCorruptData, "[person] {}: frame rate: expected 1 to 1000 Hz, got {}/{}", file,
             person.fps_num, person.fps_den);
    person.noise_seed = Json::parse(entry(archive, "noise_seed", file)).get<std::uint64_t>();
    person.stats = stats_from(archive, person.model, file);
    person.stats.blinks_per_minute = Json::parse(entry(archive, "blinks_per_minute", file)).get<double>();
    if (!(person.stats.blinks_per_minute >= 0 && person.stats.blinks_per_minute <= 600))
        fail(ErrorCode::kCorruptData, "[person] {}: blinks_per_minute: expected 0 to 600, got {}", file,
             person.stats.blinks_per_minute);
    for (auto& [name, tensor] : archive.tensors)
        if (name.rfind("stats.", 0) != 0) person.weights.tensors.emplace(name, std::move(tensor));
    return person;
}

}  // namespace

Json to_json(const Card& card) {
    return {{"name", card.name},        {"source", card.source},
            {"licence", card.licence},  {"attribution", card.attribution},
            {"consent", card.consent},  {"date", card.date},
            {"training", card.training}};
}

Person load_person(const std::filesystem::path& path) {
    try {
        return person_from(load_archive(path), path.string());
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[person] {}: damaged: {}", path.string(), error.what());
    }
}

void save_person(const std::filesystem::path& path, const Person& person) {
    Archive archive = person.weights;
    archive.metadata = {{"format", kFormat},
                        {"version", std::to_string(kPersonVersion)},
                        {"model", models::to_json(person.model).dump()},
                        {"card", to_json(person.card).dump()},
                        {"fps_num", std::to_string(person.fps_num)},
                        {"fps_den", std::to_string(person.fps_den)},
                        {"noise_seed", std::to_string(person.noise_seed)},
                        {"blinks_per_minute", Json(person.stats.blinks_per_minute).dump()}};
    const std::int64_t size = person.model.unet.size_px;
    const Stats& stats = person.stats;
    if (!stats.mean_image.empty())
        archive.tensors["stats.mean_picture"] = HostTensor::from_u8({size, size, 3}, stats.mean_image);
    if (!stats.steadiness.empty())
        archive.tensors["stats.steadiness"] = HostTensor::from_u8({size, size}, stats.steadiness);
    const auto put = [&](const char* name, const std::vector<float>& values, std::int64_t columns = 0) {
        const auto count = static_cast<std::int64_t>(values.size());
        if (!values.empty())
            archive.tensors[name] =
                HostTensor::from_f32(columns ? Shape{count / columns, columns} : Shape{count}, values);
    };
    put("stats.reference", stats.reference);
    put("stats.latent_mean", stats.latent_mean);
    put("stats.latent_std", stats.latent_std);
    put("stats.pose_mean", stats.pose_mean);
    put("stats.pose_std", stats.pose_std);
    put("stats.mel_mean", stats.mel_mean);
    put("stats.mel_std", stats.mel_std);
    put("stats.blink_direction", stats.blink_direction);
    put("stats.blink_shape", stats.blink_shape);
    put("stats.pose_motion", stats.pose_motion, 3);
    put("stats.motion_clips", stats.motion_clips);
    put("stats.footage_crop", stats.footage_crop);
    put("stats.lip_probe", stats.lip_probe, 2);
    save_archive(path, archive, Compression::kGzip);
}

}  // namespace vultus::person
