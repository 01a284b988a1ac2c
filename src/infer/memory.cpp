#include "infer/memory.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "kernels/aligned_floats.h"

namespace vultus::infer {
namespace {

constexpr std::size_t kLine = 64 / sizeof(float);
/// Some lines more, so that arrays of a power of two do not fall on the same few cache sets.
constexpr std::size_t kGap = kLine;

}  // namespace

std::shared_ptr<float> Pool::take(std::size_t count) {
    std::vector<std::shared_ptr<float>>& shelf = shelves_[count];
    if (shelf.empty()) shelf.push_back(kernels::aligned_floats(static_cast<std::int64_t>(count)));
    std::shared_ptr<float> array = std::move(shelf.back());
    shelf.pop_back();
    float* values = array.get();
    return {values,
            [&shelf, array = std::move(array)](float*) mutable { shelf.push_back(std::move(array)); }};
}

std::shared_ptr<float> MemoryPlan::take(std::size_t count) {
    const std::size_t size = (count + kLine - 1) / kLine * kLine + kGap;
    if (block_ != nullptr) {
        require(next_ < notes_->lives.size() && notes_->lives[next_].count == size,
                "[infer] the work differs from what was planned");
        return {block_ + notes_->lives[next_++].offset, [](float*) {}};
    }
    const std::size_t index = notes_->lives.size();
    notes_->lives.push_back({size, notes_->clock++, std::numeric_limits<std::size_t>::max(), 0});
    // Nobody reads or writes it: only steps of the second time through are ever run.
    static float nothing;
    return {&nothing, [notes = notes_, index](float*) {
                if (notes->open) notes->lives[index].death = notes->clock++;
            }};
}

std::size_t MemoryPlan::place() {
    notes_->open = false;
    std::vector<Life>& lives = notes_->lives;
    std::vector<std::size_t> order(lives.size()), placed;
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return lives[a].count > lives[b].count; });
    std::size_t total = 0;
    // The largest first, each at the lowest place that is free all its life. `placed` is by offset.
    for (const std::size_t index : order) {
        Life& life = lives[index];
        std::size_t offset = 0;
        for (const std::size_t other : placed) {
            const Life& there = lives[other];
            if (there.death < life.birth || life.death < there.birth) continue;
            if (there.offset >= offset + life.count) break;
            offset = std::max(offset, there.offset + there.count);
        }
        life.offset = offset;
        total = std::max(total, offset + life.count);
        placed.insert(std::upper_bound(placed.begin(), placed.end(), offset,
                                       [&](std::size_t at, std::size_t b) { return at < lives[b].offset; }),
                      index);
    }
    return total;
}

void MemoryPlan::begin(float* block) {
    block_ = block;
    next_ = 0;
}

std::size_t MemoryPlan::size_without_sharing() const {
    std::size_t total = 0;
    for (const Life& life : notes_->lives) total += life.count;
    return total;
}

}  // namespace vultus::infer
