#include "person/wav2vec2_file.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/output_file.h"
#include "models/cost_ops.h"
#include "models/wav2vec2.h"

namespace vultus::person {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using models::Wav2Vec2Config;

constexpr const char* kFirstTensor = "feature_extractor.conv_layers.0.conv.weight";
constexpr const char* kPrefix = "wav2vec2.";
constexpr std::size_t kMaxJsonBytes = 16u << 20;

/// The encoder's tensors, by their names without prefix.
class Tensors {
  public:
    Tensors(Archive archive, std::string file) : file_(std::move(file)) {
        const std::string prefix = find_prefix(archive);
        for (auto& [name, tensor] : archive.tensors) {
            if (name.rfind(prefix, 0) != 0) continue;
            const std::string rest = name.substr(prefix.size());
            for (const char* part : {"feature_extractor.", "feature_projection.", "encoder."})
                if (rest.rfind(part, 0) == 0) tensors_.emplace(rest, std::move(tensor));
        }
    }

    bool has(const std::string& name) const { return tensors_.count(name) != 0; }
    const HostTensor& at(const std::string& name, std::size_t dimensions) const {
        const auto found = tensors_.find(name);
        if (found == tensors_.end())
            fail(ErrorCode::kCorruptData, "[wav2vec2] {}: expected a tensor {}, found none", file_, name);
        const Shape& shape = found->second.shape;
        if (shape.size() != dimensions ||
            std::any_of(shape.begin(), shape.end(), [](auto dim) { return dim < 1 || dim > 1 << 20; }))
            fail(ErrorCode::kCorruptData, "[wav2vec2] {}: {}: expected {} dimensions, got shape {}", file_,
                 name, dimensions, to_string(shape));
        return found->second;
    }
    int dim(const std::string& name, std::size_t dimensions, std::size_t index) const {
        return static_cast<int>(at(name, dimensions).shape[index]);
    }
    /// One more than the highest N in names PLACE.N.*
    int count(const std::string& place) const {
        int count = 0;
        for (const auto& [name, tensor] : tensors_)
            if (name.rfind(place + ".", 0) == 0)
                count = std::max(
                    count,
                    static_cast<int>(std::clamp(std::atol(name.c_str() + place.size() + 1), 0L, 999L)) + 1);
        return count;
    }
    const std::string& file() const { return file_; }
    std::map<std::string, HostTensor>& all() { return tensors_; }

  private:
    std::string find_prefix(const Archive& archive) const {
        for (const auto& [name, tensor] : archive.tensors)
            if (name.size() >= std::string_view(kFirstTensor).size() && name.ends_with(kFirstTensor))
                return name.substr(0, name.size() - std::string_view(kFirstTensor).size());
        fail(ErrorCode::kCorruptData,
             "[wav2vec2] {}: expected wav2vec 2.0 or HuBERT as Hugging Face names it ({}), got {} tensors "
             "such as {}",
             file_, kFirstTensor, archive.tensors.size(),
             archive.tensors.empty() ? "none" : archive.tensors.begin()->first);
    }

    std::string file_;
    std::map<std::string, HostTensor> tensors_;
};

/// One of the kernel's frames at a time has its own length (PyTorch's weight_norm over dimension 2).
void fold_weight_norm(Tensors& tensors) {
    const std::string conv = "encoder.pos_conv_embed.conv.",
                      newer = conv + "parametrizations.weight.original";
    const bool old = tensors.has(conv + "weight_g") || tensors.has(conv + "weight_v");
    if (!old && !tensors.has(newer + "0") && !tensors.has(newer + "1")) return;
    const std::string length_name = old ? conv + "weight_g" : newer + "0";
    const std::string direction_name = old ? conv + "weight_v" : newer + "1";
    const HostTensor &length = tensors.at(length_name, 3), &direction = tensors.at(direction_name, 3);
    const auto kernel = static_cast<std::size_t>(direction.shape[2]);
    if (length.shape != Shape{1, 1, direction.shape[2]})
        fail(ErrorCode::kCorruptData, "[wav2vec2] {}: {}: expected shape [1, 1, {}], got {}", tensors.file(),
             length_name, kernel, to_string(length.shape));
    const std::vector<float> lengths = length.to_f32();
    std::vector<float> values = direction.to_f32();
    std::vector<double> squares(kernel, 0.0);
    for (std::size_t i = 0; i < values.size(); ++i)
        squares[i % kernel] += static_cast<double>(values[i]) * values[i];
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(values[i] * lengths[i % kernel] / std::sqrt(squares[i % kernel]));
    HostTensor folded = HostTensor::from_f32(direction.shape, values);
    tensors.all().erase(length_name);
    tensors.all().erase(direction_name);
    tensors.all()[conv + "weight"] = std::move(folded);
}

Wav2Vec2Config config_from_shapes(const Tensors& tensors) {
    Wav2Vec2Config config;
    const std::string convs = "feature_extractor.conv_layers", layers = "encoder.layers";
    const auto conv = [&](int i, const char* what) { return fmt::format("{}.{}.{}", convs, i, what); };
    const int count = std::clamp(tensors.count(convs), 1, 17);  // check() refuses more than 16
    config.conv_channels.clear();
    config.conv_kernels.clear();
    for (int i = 0; i < count; ++i) {
        config.conv_channels.push_back(tensors.dim(conv(i, "conv.weight"), 3, 0));
        config.conv_kernels.push_back(tensors.dim(conv(i, "conv.weight"), 3, 2));
    }
    if (config.conv_kernels != Wav2Vec2Config{}.conv_kernels) config.conv_strides.clear();
    config.conv_bias = tensors.has(conv(0, "conv.bias"));
    config.norm_every_conv = config.norm_first = tensors.has(conv(1, "layer_norm.weight"));
    config.project_norm = tensors.has("feature_projection.layer_norm.weight");
    config.width = tensors.dim("feature_projection.projection.weight", 2, 0);
    config.blocks = tensors.count(layers);
    config.feed_forward = tensors.dim(layers + ".0.feed_forward.intermediate_dense.weight", 2, 0);
    const std::string position = "encoder.pos_conv_embed.conv.weight";
    config.position_kernel = tensors.dim(position, 3, 2);
    config.position_groups = std::max(1, config.width / tensors.dim(position, 3, 1));
    config.heads = config.width % 64 == 0 ? config.width / 64 : 0;
    return config;
}

Json read_json(const fs::path& path) {
    if (!fs::exists(path)) return Json::object();
    const Json json = Json::parse(read_file(path, kMaxJsonBytes));
    if (!json.is_object())
        fail(ErrorCode::kCorruptData, "[wav2vec2] {}: expected an object of settings", path.string());
    return json;
}

/// A setting that the network's code takes for granted.
template <typename T>
void expect_setting(const Json& json, const char* key, const std::vector<T>& known, const fs::path& path) {
    if (!json.contains(key)) return;
    const T value = json.at(key).get<T>();
    if (std::find(known.begin(), known.end(), value) == known.end())
        fail(ErrorCode::kUnsupported, "[wav2vec2] {}: {}: expected {}, got {}", path.string(), key,
             Json(known).dump(), json.at(key).dump());
}

void apply_settings(Wav2Vec2Config& config, const Json& json, const fs::path& path) {
    expect_setting<std::string>(json, "model_type", {"wav2vec2", "hubert"}, path);
    expect_setting<std::string>(json, "hidden_act", {"gelu"}, path);
    expect_setting<std::string>(json, "feat_extract_activation", {"gelu"}, path);
    expect_setting<std::string>(json, "feat_extract_norm", {config.norm_every_conv ? "layer" : "group"},
                                path);
    expect_setting<double>(json, "layer_norm_eps", {1e-5}, path);
    expect_setting<int>(json, "hidden_size", {config.width}, path);
    expect_setting<int>(json, "num_hidden_layers", {config.blocks}, path);
    expect_setting<int>(json, "num_conv_pos_embedding_groups", {config.position_groups}, path);
    expect_setting<std::vector<int>>(json, "conv_kernel", {config.conv_kernels}, path);
    config.heads = json.value("num_attention_heads", config.heads);
    config.conv_strides = json.value("conv_stride", config.conv_strides);
    config.norm_first = json.value("do_stable_layer_norm", config.norm_first);
}

void apply_files_beside(Wav2Vec2Config& config, const fs::path& folder) {
    for (const char* name : {"config.json", "preprocessor_config.json"}) {
        const fs::path path = folder / name;
        try {
            const Json json = read_json(path);
            if (std::string_view(name) == "config.json") {
                apply_settings(config, json, path);
            } else {
                expect_setting<int>(json, "sampling_rate", {16000}, path);
                config.normalise_sound = json.value("do_normalize", config.normalise_sound);
            }
        } catch (const Json::exception& error) {
            fail(ErrorCode::kCorruptData, "[wav2vec2] {}: damaged: {}", path.string(), error.what());
        }
    }
}

/// Meets the network on shapes alone: every weight that it asks for must be there.
class Inspection : public models::CostOps {
  public:
    explicit Inspection(const Tensors& tensors) : tensors_(tensors) {}

    models::Value param(const std::string& name, const Shape& shape, const models::Init& init) override {
        const std::string own = name.substr(std::string_view(kPrefix).size());
        const HostTensor& tensor = tensors_.at(own, shape.size());
        if (tensor.shape != shape)
            fail(ErrorCode::kCorruptData, "[wav2vec2] {}: {}: expected shape {}, got {}", tensors_.file(),
                 own, to_string(shape), to_string(tensor.shape));
        const bool real = tensor.dtype == DType::kF32 || tensor.dtype == DType::kF16 ||
                          tensor.dtype == DType::kBF16 || tensor.dtype == DType::kF64;
        if (!real)
            fail(ErrorCode::kCorruptData, "[wav2vec2] {}: {}: expected F32, F16 or BF16, got {}",
                 tensors_.file(), own, dtype_name(tensor.dtype));
        for (const float value : tensor.to_f32())
            if (!(std::abs(value) < 1e30f))
                fail(ErrorCode::kCorruptData, "[wav2vec2] {}: {} holds a value that is not finite",
                     tensors_.file(), own);
        seen_.insert(own);
        return CostOps::param(name, shape, init);
    }
    bool seen(const std::string& name) const { return seen_.count(name) != 0; }

  private:
    const Tensors& tensors_;
    std::set<std::string> seen_;
};

void inspect(Tensors& tensors, const Wav2Vec2Config& config) {
    Inspection inspection(tensors);
    const models::Value audio = models::CostOps::shaped({1, config.reach_samples(), 1});
    models::wav2vec2_hidden_states({inspection, "wav2vec2"}, config, audio, config.blocks);
    for (const auto& [name, tensor] : tensors.all())
        if (!inspection.seen(name))
            fail(ErrorCode::kUnsupported,
                 "[wav2vec2] {}: holds {}, which wav2vec 2.0 and HuBERT do not have: another architecture?",
                 tensors.file(), name);
}

void refuse_pickle(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    char first[2] = {};
    if (in.read(first, 2) && ((first[0] == 'P' && first[1] == 'K') || first[0] == '\x80'))
        if (path.extension() != ".safetensors")
            fail(ErrorCode::kUnsupported,
                 "[wav2vec2] {}: a pickled file of PyTorch, which could run programs: expected safetensors; "
                 "convert it with tools/to_safetensors.py",
                 path.string());
}

}  // namespace

Wav2Vec2Model load_wav2vec2(const fs::path& path) {
    refuse_pickle(path);
    Tensors tensors(load_archive(path), path.string());
    fold_weight_norm(tensors);
    Wav2Vec2Model model;
    model.config = config_from_shapes(tensors);
    apply_files_beside(model.config, path.parent_path());
    if (model.config.conv_strides.empty() || model.config.heads == 0)
        fail(ErrorCode::kUnsupported,
             "[wav2vec2] {}: shapes do not tell the {} of this network: put its config.json beside it",
             path.string(), model.config.heads == 0 ? "heads" : "strides");
    models::check(model.config);
    inspect(tensors, model.config);
    for (auto& [name, tensor] : tensors.all()) model.weights.tensors[kPrefix + name] = std::move(tensor);
    return model;
}

bool is_published_encoder(const fs::path& path) {
    // Safetensors begin with the length of a header that holds all metadata.
    std::ifstream in(path, std::ios::binary);
    std::uint64_t length = 0;
    in.read(reinterpret_cast<char*>(&length), sizeof length);
    std::string header(std::min<std::uint64_t>(length, kMaxJsonBytes), '\0');
    in.read(header.data(), static_cast<std::streamsize>(header.size()));
    header.resize(static_cast<std::size_t>(in.gcount()));
    return header.find("\"vultus-speech\"") == std::string::npos;
}

}  // namespace vultus::person
