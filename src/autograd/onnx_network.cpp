#include "autograd/onnx_network.h"

#include <cstring>
#include <span>

#include "base/error.h"
#include "base/output_file.h"

namespace vultus::autograd {

using torch::Tensor;

namespace {

/// One field of a protobuf message: a number, or bytes (a string, a message, packed numbers).
struct Field {
    std::uint64_t number = 0, value = 0;
    std::string_view bytes;
};

/// Goes through a protobuf message field by field.
class Message {
  public:
    explicit Message(std::string_view bytes) : rest_(bytes) {}

    bool next(Field& field) {
        if (rest_.empty()) return false;
        const std::uint64_t tag = varint();
        field = {tag >> 3, 0, {}};
        switch (tag & 7) {
            case 0:
                field.value = varint();
                return true;
            case 1:
                take(8);
                return true;
            case 2:
                field.bytes = take(varint());
                return true;
            case 5:
                take(4);
                return true;
        }
        fail(ErrorCode::kCorruptData, "a field of an unknown kind");
    }

  private:
    std::string_view take(std::uint64_t count) {
        if (count > rest_.size()) fail(ErrorCode::kCorruptData, "it ends early");
        const std::string_view bytes = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return bytes;
    }
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const auto byte = static_cast<std::uint8_t>(take(1)[0]);
            value |= static_cast<std::uint64_t>(byte & 127) << shift;
            if (byte < 128) return value;
        }
        fail(ErrorCode::kCorruptData, "a number of more than 64 bits");
    }

    std::string_view rest_;
};

// Field numbers of onnx.proto, opset 9.
constexpr std::uint64_t kGraph = 7, kNode = 1, kInitializer = 5;
constexpr std::uint64_t kNodeInput = 1, kNodeOutput = 2, kNodeKind = 4, kNodeAttribute = 5;
constexpr std::uint64_t kAttributeName = 1, kAttributeNumber = 3, kAttributeNumbers = 8;
constexpr std::uint64_t kTensorDims = 1, kTensorType = 2, kTensorName = 8, kTensorRaw = 9, kFloat = 1;

std::pair<std::string, Tensor> read_weight(std::string_view bytes, torch::Device device) {
    std::string name;
    std::vector<std::int64_t> shape;
    std::uint64_t type = 0;
    std::string_view raw;
    Message message(bytes);
    for (Field field; message.next(field);) {
        if (field.number == kTensorDims) shape.push_back(static_cast<std::int64_t>(field.value));
        if (field.number == kTensorType) type = field.value;
        if (field.number == kTensorName) name = field.bytes;
        if (field.number == kTensorRaw) raw = field.bytes;
    }
    const Tensor weight = torch::empty(shape, torch::kFloat32);
    if (type != kFloat || raw.size() != static_cast<std::size_t>(weight.numel()) * sizeof(float))
        fail(ErrorCode::kCorruptData, "the weight {} has another size than its shape", name);
    std::memcpy(weight.data_ptr<float>(), raw.data(), raw.size());
    return {name, weight.to(device)};
}

std::pair<std::string, std::vector<std::int64_t>> read_attribute(std::string_view bytes) {
    std::pair<std::string, std::vector<std::int64_t>> attribute;
    Message message(bytes);
    for (Field field; message.next(field);) {
        if (field.number == kAttributeName) attribute.first = field.bytes;
        if (field.number == kAttributeNumber || field.number == kAttributeNumbers)
            attribute.second.push_back(static_cast<std::int64_t>(field.value));
    }
    return attribute;
}

}  // namespace

OnnxNetwork::OnnxNetwork(const std::filesystem::path& path, torch::Device device) {
    const std::string bytes = read_file(path);
    try {
        Message model(bytes);
        for (Field part; model.next(part);) {
            if (part.number != kGraph) continue;
            Message graph(part.bytes);
            for (Field field; graph.next(field);) {
                if (field.number == kInitializer) weights_.insert(read_weight(field.bytes, device));
                if (field.number != kNode) continue;
                Node node;
                Message message(field.bytes);
                for (Field of_node; message.next(of_node);) {
                    if (of_node.number == kNodeInput) node.inputs.emplace_back(of_node.bytes);
                    if (of_node.number == kNodeOutput) node.output = of_node.bytes;
                    if (of_node.number == kNodeKind) node.kind = of_node.bytes;
                    if (of_node.number == kNodeAttribute) node.numbers.insert(read_attribute(of_node.bytes));
                }
                nodes_.push_back(std::move(node));
            }
        }
        if (nodes_.empty()) fail(ErrorCode::kCorruptData, "it has no graph");
    } catch (const Error& error) {
        fail(ErrorCode::kCorruptData, "[train] {}: expected a network in ONNX: {}", path.string(),
             error.what());
    }
}

std::vector<Tensor> OnnxNetwork::operator()(const Tensor& x, const std::vector<std::string>& names) const {
    std::map<std::string, Tensor> values{{"input", x}};
    std::size_t missing = names.size();
    for (const Node& node : nodes_) {
        std::vector<Tensor> in;
        for (const std::string& name : node.inputs) {
            const auto weight = weights_.find(name);
            in.push_back(weight != weights_.end() ? weight->second : values.at(name));
        }
        values[node.output] = run(node, in);
        if (std::find(names.begin(), names.end(), node.output) != names.end() && --missing == 0) break;
    }
    std::vector<Tensor> out;
    for (const std::string& name : names) out.push_back(values.at(name));
    return out;
}

Tensor OnnxNetwork::run(const Node& node, const std::vector<Tensor>& in) const {
    const auto numbers = [&](const char* name) -> const std::vector<std::int64_t>& {
        return node.numbers.at(name);
    };
    if (node.kind == "Identity") return in.at(0);
    if (node.kind == "Add") return in.at(0) + in.at(1);
    if (node.kind == "PRelu") return torch::prelu(in.at(0), in.at(1).flatten());
    if (node.kind == "MaxPool")
        return torch::max_pool2d(in.at(0), numbers("kernel_shape"), numbers("strides"));
    if (node.kind == "Pad") return torch::constant_pad_nd(in.at(0), {0, 0, 0, 0, 0, numbers("pads").at(5)});
    if (node.kind == "Conv") {
        const std::vector<std::int64_t>& p = numbers("pads");  // top, left, bottom, right
        const bool even = p[0] == p[2] && p[1] == p[3];
        const Tensor x = even ? in.at(0) : torch::constant_pad_nd(in.at(0), {p[1], p[3], p[0], p[2]});
        const std::vector<std::int64_t> padding =
            even ? std::vector{p[0], p[1]} : std::vector<std::int64_t>{0, 0};
        return torch::conv2d(x, in.at(1), in.at(2), numbers("strides"), padding, {1, 1},
                             numbers("group").at(0));
    }
    fail(ErrorCode::kUnsupported, "[train] a network in ONNX has the operator {}, which is not known here",
         node.kind);
}

}  // namespace vultus::autograd
