#include "gpu/pretend_gpu.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <atomic>
#include <map>
#include <mutex>
#include <unordered_map>

#include "autograd/recorded_work.h"

namespace vultus {
namespace {

using at::Tensor;

const c10::Device kGpu(c10::DeviceType::CUDA, 0);
constexpr const char* kAwaited[] = {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select",
                                    "aten::is_nonzero",          "aten::equal",   "aten::_unique2"};

// What happened: one lock for all of it, as LibTorch's backward pass has threads of its own.
struct Account {
    std::mutex mutex;
    std::set<std::string> complaints;
    std::atomic<std::int64_t> num_operations{0};
    std::int64_t next_block = 1;
    std::int64_t refuse_from = 0, refusals_left = 0;
    std::set<std::int64_t> live;
    std::set<std::int64_t> of_recordings;  ///< blocks that a GPU would keep for them
    /// By recording: blocks of before it, and the operation that touched each.
    std::map<std::int64_t, std::map<std::int64_t, std::string>> read_by;
    std::set<std::int64_t> replayed;
    std::int64_t current = 0, first_block_of_current = 0;

    void complain(const std::string& what) {
        const std::lock_guard lock(mutex);
        complaints.insert(what);
    }
};
Account& account() {
    static Account& one = *new Account;  // outlives all tensors
    return one;
}

/// Memory that says which piece of the device's it is.
struct Block {
    std::int64_t id;
    c10::DataPtr memory;
};

void give_back(void* context) {
    const std::unique_ptr<Block> block(static_cast<Block*>(context));
    const std::lock_guard lock(account().mutex);
    account().live.erase(block->id);
}

c10::DataPtr on_gpu(c10::DataPtr memory) {
    void* const place = memory.get();
    Account& books = account();
    const std::lock_guard lock(books.mutex);
    const bool refused = books.refusals_left > 0 && books.num_operations >= books.refuse_from;
    if (refused) --books.refusals_left;
    TORCH_CHECK(!refused, "CUDA out of memory. Tried to allocate what the test refuses");
    const std::int64_t id = books.next_block++;
    books.live.insert(id);
    if (autograd::recording_number() != 0) books.of_recordings.insert(id);
    return {place, new Block{id, std::move(memory)}, &give_back, kGpu};
}

struct GpuAllocator final : c10::Allocator {
    c10::DataPtr allocate(std::size_t bytes) const override {
        return on_gpu(c10::GetAllocator(c10::DeviceType::CPU)->allocate(bytes));
    }
};
GpuAllocator& allocator() {
    static GpuAllocator one;
    return one;
}

/// Which block of memory an operation touches, in which recording.
void note_use(const c10::Storage& storage, const std::string& name) {
    if (storage.data_ptr().get_deleter() != &give_back) return;
    const auto id = static_cast<const Block*>(storage.data_ptr().get_context())->id;
    Account& books = account();
    const std::int64_t recording = autograd::recording_number();
    const std::lock_guard lock(books.mutex);
    if (recording != books.current) {
        if (books.current != 0) books.replayed.insert(books.current);
        books.current = recording;
        books.first_block_of_current = books.next_block;
        if (books.replayed.contains(recording))
            for (const auto& [read, by] : books.read_by[recording])
                if (!books.live.contains(read))
                    books.complaints.insert(by + ": replayed, it reads memory that was given back");
    }
    if (recording != 0 && !books.replayed.contains(recording) && id < books.first_block_of_current &&
        !books.of_recordings.contains(id))
        books.read_by[recording].emplace(id, name);
}

/// A tensor of another device over the same memory.
Tensor over(const c10::Storage& storage, const Tensor& like, c10::DispatchKey key) {
    Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(c10::Storage(storage), c10::DispatchKeySet(key),
                                                             like.dtype());
    tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides());
    tensor.unsafeGetTensorImpl()->set_storage_offset(like.storage_offset());
    return tensor;
}

/// The memory of a storage, which lives as long as this does, as the processor's.
c10::DataPtr memory_of(const c10::Storage& storage) {
    return {storage.data(), new c10::Storage(storage),
            [](void* held) { delete static_cast<c10::Storage*>(held); }, c10::Device(c10::DeviceType::CPU)};
}

c10::Storage on_device(const c10::Storage& host) {
    return {c10::Storage::use_byte_size_t(), host.nbytes(), on_gpu(memory_of(host)), &allocator(), true};
}

c10::Storage on_host(const c10::Storage& device) {
    return {c10::Storage::use_byte_size_t(), device.nbytes(), memory_of(device),
            c10::GetAllocator(c10::DeviceType::CPU), true};
}

/// One operation: its tensors as the processor sees them, and back.
class Translation {
  public:
    explicit Translation(const std::string& name) : name_(name), moves_(name == "aten::copy_") {}

    c10::IValue to_host(const c10::IValue& value) {
        if (value.isTensor()) return to_host(value.toTensor());
        if (value.isTensorList()) {
            c10::List<Tensor> list;
            for (const Tensor& each : value.toTensorVector()) list.push_back(to_host(each));
            return list;
        }
        if (value.isOptionalTensorList()) {
            c10::List<c10::optional<Tensor>> list;
            for (const c10::optional<Tensor>& each : value.toOptionalTensorVector())
                list.push_back(each ? c10::optional<Tensor>(to_host(*each)) : c10::nullopt);
            return list;
        }
        if (value.isDevice() && value.toDevice().is_cuda()) return c10::Device(c10::DeviceType::CPU);
        return value;
    }

    c10::IValue to_gpu(const c10::IValue& value) {
        if (value.isTensor()) return to_gpu(value.toTensor());
        if (!value.isTensorList()) return value;
        c10::List<Tensor> list;
        for (const Tensor& each : value.toTensorVector()) list.push_back(to_gpu(each));
        return list;
    }

    /// What was resized has other memory now.
    void adopt() {
        for (const auto& [device, host] : pairs_) {
            if (device.data_ptr() != host.data_ptr() && device.nbytes() != host.nbytes())
                device.unsafeGetTensorImpl()->set_storage_keep_dtype(on_device(host.storage()));
            if (device.sizes() != host.sizes() || device.strides() != host.strides())
                device.unsafeGetTensorImpl()->set_sizes_and_strides(host.sizes(), host.strides());
        }
    }

    void check() const {
        const bool recorded = autograd::recording_number() != 0;
        if (!moves_ && !pairs_.empty() && num_host_ > 0)
            account().complain(name_ + ": tensors of both devices");
        if (!recorded) return;
        if (moves_ && num_host_ > 0) account().complain(name_ + ": moves data while it is recorded");
        for (const char* awaited : kAwaited)
            if (name_ == awaited) account().complain(name_ + ": waits for the device while it is recorded");
    }

  private:
    Tensor to_host(const Tensor& tensor) {
        if (!tensor.defined()) return tensor;
        if (!tensor.is_cuda()) {
            if (tensor.dim() > 0) ++num_host_;  // numbers may lie anywhere
            return tensor;
        }
        note_use(tensor.storage(), name_);
        const c10::Storage& storage = tensor.storage();
        c10::Storage& host = hosts_[storage.unsafeGetStorageImpl()];
        if (!host) {
            host = on_host(storage);
            devices_.emplace(host.unsafeGetStorageImpl(), storage);
        }
        pairs_.emplace_back(tensor, over(host, tensor, c10::DispatchKey::CPU));
        return pairs_.back().second;
    }

    Tensor to_gpu(const Tensor& tensor) {
        if (!tensor.defined() || tensor.is_cuda()) return tensor;
        for (const auto& [device, host] : pairs_)
            if (host.unsafeGetTensorImpl() == tensor.unsafeGetTensorImpl()) return device;
        const auto view = devices_.find(tensor.storage().unsafeGetStorageImpl());
        const c10::Storage storage = view != devices_.end() ? view->second : on_device(tensor.storage());
        return over(storage, tensor, c10::DispatchKey::CUDA);
    }

    const std::string& name_;
    bool moves_;
    int num_host_ = 0;
    std::vector<std::pair<Tensor, Tensor>> pairs_;  ///< the device's, the processor's
    std::unordered_map<c10::StorageImpl*, c10::Storage> hosts_, devices_;
};

void by_processor(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
    ++account().num_operations;
    const std::string name = operation.schema().name();
    Translation translation(name);
    const std::size_t inputs = operation.schema().arguments().size();
    for (std::size_t i = stack->size() - inputs; i < stack->size(); ++i)
        (*stack)[i] = translation.to_host((*stack)[i]);
    translation.check();
    {
        const at::AutoDispatchBelowADInplaceOrView below;
        operation.callBoxed(stack);
    }
    translation.adopt();
    const std::size_t outputs = operation.schema().returns().size();
    for (std::size_t i = stack->size() - outputs; i < stack->size(); ++i)
        (*stack)[i] = translation.to_gpu((*stack)[i]);
}

Tensor empty(c10::IntArrayRef size, c10::optional<at::ScalarType> dtype, c10::optional<at::Layout>,
             c10::optional<at::Device>, c10::optional<bool>, c10::optional<at::MemoryFormat> format) {
    return at::detail::empty_generic(size, &allocator(), c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                     c10::dtype_or_default(dtype), format);
}

Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, c10::optional<at::ScalarType> dtype,
                     c10::optional<at::Layout>, c10::optional<at::Device>, c10::optional<bool>) {
    return at::detail::empty_strided_generic(size, stride, &allocator(),
                                             c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                             c10::dtype_or_default(dtype));
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override { return c10::DeviceType::CUDA; }
    c10::Device exchangeDevice(c10::Device) const override { return kGpu; }
    c10::Device getDevice() const override { return kGpu; }
    void setDevice(c10::Device) const override {}
    void uncheckedSetDevice(c10::Device) const noexcept override {}
    c10::Stream getStream(c10::Device device) const noexcept override {
        return c10::Stream(c10::Stream::DEFAULT, device);
    }
    c10::Stream getDefaultStream(c10::Device device) const override { return getStream(device); }
    c10::Stream exchangeStream(c10::Stream stream) const noexcept override { return stream; }
    c10::DeviceIndex deviceCount() const noexcept override { return 1; }
    void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
    void block(void*, const c10::Stream&) const override {}
    bool queryEvent(void*) const override { return true; }
};

C10_REGISTER_GUARD_IMPL(CUDA, Guard);

TORCH_LIBRARY_IMPL(_, CUDA, library) {
    library.fallback(torch::CppFunction::makeFromBoxedFunction<&by_processor>());
}
TORCH_LIBRARY_IMPL(aten, CUDA, library) {
    library.impl("empty.memory_format", &empty);
    library.impl("empty_strided", &empty_strided);
    // LibTorch would ask CUDA's own kernels for these.
    for (const char* name : {"copy_", "convolution", "convolution_backward"})
        library.impl(name, torch::CppFunction::makeFromBoxedFunction<&by_processor>());
}

}  // namespace

std::set<std::string> PretendGpu::complaints() {
    const std::lock_guard lock(account().mutex);
    return account().complaints;
}

std::int64_t PretendGpu::num_operations() { return account().num_operations; }

void PretendGpu::refuse_memory(std::int64_t from_operation, std::int64_t times) {
    const std::lock_guard lock(account().mutex);
    account().refuse_from = from_operation;
    account().refusals_left = times;
}

void PretendGpu::clear() {
    const std::lock_guard lock(account().mutex);
    account().complaints.clear();
    account().num_operations = 0;
    account().refusals_left = 0;
}

}  // namespace vultus

namespace at {

/// What LibTorch asks of CUDA itself; its registry knows this name.
struct CUDAHooks : CUDAHooksInterface {
    explicit CUDAHooks(CUDAHooksArgs) {}
    void initCUDA() const override {}
    bool hasCUDA() const override { return true; }
    bool hasPrimaryContext(int64_t) const override { return true; }
    int64_t current_device() const override { return 0; }
    int getNumGPUs() const override { return 1; }
    void deviceSynchronize(int64_t) const override {}
    const Generator& getDefaultCUDAGenerator(DeviceIndex) const override {
        static const Generator generator = detail::createCPUGenerator();
        return generator;
    }
};

REGISTER_CUDA_HOOKS(CUDAHooks);

}  // namespace at
