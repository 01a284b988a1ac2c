// Where the runtime's arrays come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace vultus::infer {

/// A source of arrays, whole cache lines each. It must outlive what it gave.
class Source {
  public:
    virtual ~Source() = default;
    virtual std::shared_ptr<float> take(std::size_t count) = 0;
};

/// Buffers that come back to be used again, by size.
class Pool : public Source {
  public:
    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    std::shared_ptr<float> take(std::size_t count) override;

  private:
    std::map<std::size_t, std::vector<std::shared_ptr<float>>> shelves_;
};

/// Places for the arrays of work that is the same every time. First the work is gone through once and take()
/// notes only when each array is taken and given back; then each array gets its place in one block, shared
/// by arrays that never live together; then the work is gone through again, and take() gives the places.
class MemoryPlan : public Source {
  public:
    std::shared_ptr<float> take(std::size_t count) override;

    /// Ends the first time through; arrays that are still held live to the end. Returns the size of the
    /// block, in values.
    std::size_t place();
    /// Begins the second time through, over a block of at least that size.
    void begin(float* block);
    /// Values of all arrays together: what the block would be without sharing.
    std::size_t size_without_sharing() const;

  private:
    struct Life {
        std::size_t count, birth, death, offset;
    };
    /// Shared with the arrays' deleters.
    struct Notes {
        std::vector<Life> lives;
        std::size_t clock = 0;
        bool open = true;
    };
    std::shared_ptr<Notes> notes_ = std::make_shared<Notes>();
    float* block_ = nullptr;
    std::size_t next_ = 0;
};

}  // namespace vultus::infer
