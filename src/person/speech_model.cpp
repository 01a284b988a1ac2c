#include "person/speech_model.h"

#include <cmath>

#include "base/error.h"

namespace vultus::person {
namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "vultus-speech";
constexpr const char* kPhoneShare = "stats.phone_share";

const std::string& entry(const Archive& archive, const std::string& key, const std::string& file) {
    const auto found = archive.metadata.find(key);
    if (found == archive.metadata.end())
        fail(ErrorCode::kCorruptData, "[speech] {}: expected a speech encoder, found no '{}' in it", file,
             key);
    return found->second;
}

std::vector<float> finite_values(const Archive& archive, const char* name, int count,
                                 const std::string& file) {
    std::vector<float> values = archive.at(name).to_f32();
    if (static_cast<int>(values.size()) != count)
        fail(ErrorCode::kCorruptData, "[speech] {}: {}: expected {} values, got {}", file, name, count,
             values.size());
    for (const float value : values)
        if (!(std::abs(value) < 1e30f))
            fail(ErrorCode::kCorruptData, "[speech] {}: {} holds a value that is not finite", file, name);
    return values;
}

SpeechModel model_from(Archive archive, const std::string& file) {
    if (entry(archive, "format", file) != kFormat)
        fail(ErrorCode::kCorruptData, "[speech] {}: expected format {}, got {}", file, kFormat,
             archive.metadata["format"]);
    const Json version = Json::parse(entry(archive, "version", file));
    if (!version.is_number_integer() || version < 1)
        fail(ErrorCode::kCorruptData, "[speech] {}: version: expected a positive number, got {}", file,
             version.dump());
    if (version > kSpeechModelVersion)
        fail(ErrorCode::kUnsupported,
             "[speech] {}: made by a newer version (file version {}, this program reads up to {})", file,
             version.dump(), kSpeechModelVersion);
    SpeechModel model;
    model.config = models::speech_encoder_config_from_json(Json::parse(entry(archive, "model", file)));
    model.card = Json::parse(entry(archive, "card", file));
    model.mel_mean = finite_values(archive, "stats.mel_mean", model.config.num_mels, file);
    model.mel_std = finite_values(archive, "stats.mel_std", model.config.num_mels, file);
    if (archive.tensors.contains(kPhoneShare)) {
        model.phone_share = finite_values(archive, kPhoneShare, model.config.num_phones, file);
        for (const float share : model.phone_share)
            if (!(share > 0 && share <= 1))
                fail(ErrorCode::kCorruptData, "[speech] {}: {}: expected shares of frames, got {}", file,
                     kPhoneShare, share);
    }
    for (auto& [name, tensor] : archive.tensors)
        if (name.rfind("phonetic.", 0) == 0) model.weights.tensors.emplace(name, std::move(tensor));
    return model;
}

}  // namespace

SpeechModel load_speech_model(const std::filesystem::path& path) {
    try {
        return model_from(load_archive(path), path.string());
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[speech] {}: damaged: {}", path.string(), error.what());
    }
}

void save_speech_model(const std::filesystem::path& path, const SpeechModel& model) {
    Archive archive = model.weights;
    archive.metadata = {{"format", kFormat},
                        {"version", std::to_string(kSpeechModelVersion)},
                        {"model", models::to_json(model.config).dump()},
                        {"card", model.card.dump()}};
    const auto put = [&](const char* name, const std::vector<float>& values) {
        archive.tensors[name] = HostTensor::from_f32({static_cast<std::int64_t>(values.size())}, values);
    };
    put("stats.mel_mean", model.mel_mean);
    put("stats.mel_std", model.mel_std);
    if (!model.phone_share.empty()) put(kPhoneShare, model.phone_share);
    save_archive(path, archive);
}

}  // namespace vultus::person
