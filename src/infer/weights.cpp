#include "infer/weights.h"

#include <algorithm>

#include "base/error.h"
#include "infer/memory.h"
#include "kernels/aligned_floats.h"

namespace vultus::infer {

std::shared_ptr<float> Weight::plain() {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<float> values = plain_.lock();
    if (!values) {
        const std::vector<float> stored = tensor_->to_f32();
        values = kernels::aligned_floats(static_cast<std::int64_t>(stored.size()));
        std::copy(stored.begin(), stored.end(), values.get());
        plain_ = values;
    }
    return values;
}

std::shared_ptr<const kernels::Matrix> Weight::matrix() {
    const std::scoped_lock lock(mutex_);
    if (!matrix_) {
        const std::int64_t outputs = shape().front();
        matrix_ = std::make_shared<const kernels::Matrix>(plain().get(), outputs, tensor_->size() / outputs);
    }
    return matrix_;
}

std::shared_ptr<const WindowMatrices> window_matrices(const float* weight, const Shape& shape, int groups) {
    const std::int64_t outputs = shape[0], inputs = shape[1], kernel = shape[2], size = inputs * kernel;
    std::vector<float> by_frame(static_cast<std::size_t>(outputs * size));
    for (std::int64_t o = 0; o < outputs; ++o)
        for (std::int64_t i = 0; i < inputs; ++i)
            for (std::int64_t k = 0; k < kernel; ++k)
                by_frame[static_cast<std::size_t>(o * size + k * inputs + i)] =
                    weight[o * size + i * kernel + k];
    auto matrices = std::make_shared<WindowMatrices>();
    for (int g = 0; g < groups; ++g)
        matrices->emplace_back(by_frame.data() + g * (outputs / groups) * size, outputs / groups, size);
    return matrices;
}

std::shared_ptr<const WindowMatrices> Weight::windows(int groups) {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<const WindowMatrices>& found = windows_[groups];
    if (!found) found = window_matrices(plain().get(), shape(), groups);
    return found;
}

std::shared_ptr<Weight> Weights::at(const std::string& name, const Shape& shape) {
    const HostTensor& tensor = archive_->at(name);
    if (tensor.shape != shape)
        fail(ErrorCode::kCorruptData, "[infer] weight {}: expected shape {}, got {}", name, to_string(shape),
             to_string(tensor.shape));
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<Weight>& weight = weights_[name];
    if (!weight) weight = std::make_shared<Weight>(tensor);
    return weight;
}

}  // namespace vultus::infer
