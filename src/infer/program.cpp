#include "infer/program.h"

#include <algorithm>

#include "base/error.h"
#include "infer/onednn_state.h"
#include "kernels/aligned_floats.h"

namespace vultus::infer {

using models::Value;

Recorder::Recorder(std::shared_ptr<Weights> weights, int num_threads, Precision precision, Source& source,
                   std::vector<std::function<void()>>& steps, std::vector<std::shared_ptr<float>>& kept)
    : OnednnOps(std::move(weights), num_threads, precision) {
    omp_set_num_threads(runtime_->num_threads);
    runtime_->record(source, steps, kept);
}

void Program::run() const {
    omp_set_num_threads(num_threads_);
    for (const std::function<void()>& step : steps_) step();
}

std::vector<Program> record(const std::shared_ptr<Weights>& weights, int num_threads,
                            const std::vector<Network>& networks, Precision precision) {
    std::vector<MemoryPlan> plans(networks.size());
    std::size_t size = 0;
    const auto go_through = [&](std::size_t i, Program& program) {
        Recorder recorder(weights, num_threads, precision, plans[i], program.steps_, program.kept_);
        const std::vector<Value> outputs = networks[i](recorder);
        for (const Value& output : outputs) {
            const float* values = OnednnOps::data(output);
            if (array_of(output).fixed) program.kept_.push_back(array_of(output).values);
            program.outputs_.emplace_back(values, count_of(output));
        }
        if (!program.block_) size = std::max(size, plans[i].place());
        program.num_threads_ = recorder.num_threads();
    };
    for (std::size_t i = 0; i < networks.size(); ++i) {
        Program unused;
        go_through(i, unused);
    }
    const std::shared_ptr<float> block = kernels::aligned_floats(static_cast<std::int64_t>(size));
    std::vector<Program> programs(networks.size());
    for (std::size_t i = 0; i < networks.size(); ++i) {
        plans[i].begin(block.get());
        programs[i].block_ = block;
        programs[i].weights_ = weights;
        programs[i].block_bytes_ = size * sizeof(float);
        programs[i].bytes_without_sharing_ = plans[i].size_without_sharing() * sizeof(float);
        go_through(i, programs[i]);
        programs[i].kept_.shrink_to_fit();
    }
    return programs;
}

}  // namespace vultus::infer
