#include "tensor/archive.h"

#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/output_file.h"
#include "tensor/gzip.h"

namespace vultus {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxHeaderBytes = 100u << 20;

DType dtype_from_name(const std::string& name, const std::string& file) {
    for (const DType dtype : {DType::kF32, DType::kF64, DType::kF16, DType::kBF16, DType::kI64, DType::kI32,
                              DType::kI16, DType::kU8})
        if (name == dtype_name(dtype)) return dtype;
    fail(ErrorCode::kUnsupported, "[archive] {}: unknown dtype {}", file, name);
}

HostTensor parse_tensor(const std::string& name, const Json& entry, std::string_view data,
                        const std::string& file) {
    HostTensor tensor;
    tensor.dtype = dtype_from_name(entry.at("dtype").get<std::string>(), file);
    tensor.shape = entry.at("shape").get<Shape>();
    const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
    const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
    const auto count = static_cast<std::uint64_t>(num_elements(tensor.shape));
    if (begin > end || end > data.size() || count > data.size() ||
        count * dtype_bytes(tensor.dtype) != end - begin)
        fail(ErrorCode::kCorruptData,
             "[archive] {}: tensor {} of shape {} does not fit its data range {}..{} of {} bytes", file, name,
             to_string(tensor.shape), begin, end, data.size());
    tensor.bytes.assign(data.begin() + static_cast<std::ptrdiff_t>(begin),
                        data.begin() + static_cast<std::ptrdiff_t>(end));
    return tensor;
}

Archive parse_header(const Json& header, std::string_view data, const std::string& file) {
    Archive archive;
    std::uint64_t total = 0;
    for (const auto& [name, entry] : header.items()) {
        if (name == "__metadata__") {
            archive.metadata = entry.get<std::map<std::string, std::string>>();
            continue;
        }
        HostTensor tensor = parse_tensor(name, entry, data, file);
        total += tensor.bytes.size();
        if (total > data.size()) fail(ErrorCode::kCorruptData, "[archive] {}: tensors overlap", file);
        archive.tensors.emplace(name, std::move(tensor));
    }
    if (total != data.size())
        fail(ErrorCode::kCorruptData,
             "[archive] {}: expected {} bytes of tensors, got {}; the file may be cut", file, total,
             data.size());
    return archive;
}

Archive parse_plain(std::string_view bytes, const std::string& file) {
    std::uint64_t header_bytes = 0;
    if (bytes.size() < sizeof header_bytes)
        fail(ErrorCode::kCorruptData, "[archive] {}: expected a safetensors file, got {} bytes", file,
             bytes.size());
    std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
    if (header_bytes > kMaxHeaderBytes || header_bytes > bytes.size() - sizeof header_bytes)
        fail(ErrorCode::kCorruptData,
             "[archive] {}: expected a safetensors file (a person, a speech encoder), got {}", file,
             bytes.size() > sizeof header_bytes && bytes[sizeof header_bytes] == '{'
                 ? fmt::format("one that is cut short (header of {} bytes, file of {})", header_bytes,
                               bytes.size())
                 : "another kind of file");
    const std::string_view text = bytes.substr(sizeof header_bytes, header_bytes);
    try {
        return parse_header(Json::parse(text), bytes.substr(sizeof header_bytes + header_bytes), file);
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[archive] {}: damaged header: {}", file, error.what());
    }
}

}  // namespace

const HostTensor& Archive::at(const std::string& name) const {
    const auto found = tensors.find(name);
    if (found == tensors.end()) fail(ErrorCode::kCorruptData, "[archive] no tensor named {}", name);
    return found->second;
}

bool is_archive(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string head(sizeof(std::uint64_t) + 1, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    return file && (is_gzip(head) || head.back() == '{');
}

Archive parse_archive(std::string_view bytes, const std::string& file) {
    return is_gzip(bytes) ? parse_plain(gunzip(bytes, file), file) : parse_plain(bytes, file);
}

std::string serialize_archive(const Archive& archive) {
    Json header = Json::object();
    if (!archive.metadata.empty()) header["__metadata__"] = archive.metadata;
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : archive.tensors) {
        header[name] = {{"dtype", dtype_name(tensor.dtype)},
                        {"shape", tensor.shape},
                        {"data_offsets", {offset, offset + tensor.bytes.size()}}};
        offset += tensor.bytes.size();
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const std::uint64_t header_bytes = text.size();
    std::string out(sizeof header_bytes, '\0');
    std::memcpy(out.data(), &header_bytes, sizeof header_bytes);
    out.reserve(out.size() + text.size() + offset);
    out += text;
    for (const auto& [name, tensor] : archive.tensors)
        out.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    return out;
}

Archive load_archive(const std::filesystem::path& path) {
    return parse_archive(read_file(path), path.string());
}

void save_archive(const std::filesystem::path& path, const Archive& archive, Compression compression) {
    const std::string bytes = serialize_archive(archive);
    write_file(path, compression == Compression::kGzip ? gzip(bytes) : bytes);
}

}  // namespace vultus
