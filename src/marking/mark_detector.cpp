#include "marking/mark_detector.h"

#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "base/error.h"
#include "marking/frame_sums.h"
#include "marking/mark_search.h"

namespace vultus::marking {
namespace {

constexpr int kLeastSidePx = 16, kMostSidePx = 400;
constexpr double kBlockS = 2;
constexpr std::size_t kMostBlocks = 64;
constexpr std::int64_t kLeastFrames = 4;
constexpr double kSureLog10 = -12;        ///< nothing clearer is looked for
constexpr double kLogChanceOfBlock = -7;  ///< at the place that was found: 1 in 1000

}  // namespace

struct MarkDetector::Impl {
    Impl(int width_px, int height_px, const MarkPattern& pattern)
        : pattern(pattern),
          shrinker(width_px, height_px, kMostSidePx),
          whole_side_px(std::max(width_px, height_px)),
          search(shrinker.width_px(), shrinker.height_px()) {}

    void add(const std::uint8_t* rgb, double time_s) {
        if (blocks.empty() || time_s - blocks.back().first_s >= block_s - 1e-6) {
            if (blocks.size() == kMostBlocks) join_pairs();
            if (blocks.empty() || time_s - blocks.back().first_s >= block_s - 1e-6)
                blocks.emplace_back(shrinker.width_px(), shrinker.height_px());
        }
        blocks.back().add(shrinker.shrink(rgb), time_s);
    }

    void join_pairs() {
        for (std::size_t i = 0; i < kMostBlocks / 2; ++i) {
            if (i > 0) blocks[i] = std::move(blocks[2 * i]);
            blocks[i].join(blocks[2 * i + 1]);
        }
        blocks.resize(kMostBlocks / 2);
        block_s *= 2;
    }

    std::vector<float> tones(const FrameSums& sums) const {
        return evened_tones(sums, shrinker.width_px(), shrinker.height_px());
    }

    /// The blocks begin .. begin + count as one.
    FrameSums joined(std::size_t begin, std::size_t count) const {
        FrameSums sums = blocks[begin];
        for (std::size_t i = begin + 1; i < begin + count; ++i) sums.join(blocks[i]);
        return sums;
    }

    /// Goes from the whole to ever shorter stretches, until it is clear.
    void search_all(MarkFit& best, double& log_alarm) const {
        double num_tried = 0;
        double best_chance = 0;
        for (std::size_t parts = 1; parts == 1 || blocks.size() / parts >= 2; parts *= 2) {
            for (std::size_t part = 0; part < parts; ++part) {
                throw_if_cancelled();
                const std::size_t begin = blocks.size() * part / parts;
                const FrameSums sums = joined(begin, blocks.size() * (part + 1) / parts - begin);
                if (sums.num_frames < kLeastFrames) continue;
                const MarkFit fit = search.best(tones(sums), pattern);
                num_tried += fit.num_tried;
                if (log_chance(fit.score) >= best_chance) continue;
                best = fit;
                best_chance = log_chance(fit.score);
            }
            log_alarm = std::min(0.0, best_chance + std::log(std::max(num_tried, 1.0)));
            if (log_alarm < kSureLog10 * std::log(10.0)) return;
        }
    }

    std::vector<std::pair<double, double>> spans(const MarkFit& where) const {
        std::vector<char> seen;
        for (const FrameSums& block : blocks)
            seen.push_back(block.num_frames >= kLeastFrames &&
                           log_chance(search.score_at(tones(block), pattern, where)) < kLogChanceOfBlock);
        // One block that a hand or a blink of the encoder hides between two that show it is no gap.
        std::vector<char> filled = seen;
        for (std::size_t i = 1; i + 1 < seen.size(); ++i) filled[i] |= seen[i - 1] && seen[i + 1];
        std::vector<std::pair<double, double>> result;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if (!filled[i]) continue;
            const double end_s = i + 1 < blocks.size() ? blocks[i + 1].first_s : blocks[i].last_s;
            if (i > 0 && filled[i - 1])
                result.back().second = end_s;
            else
                result.emplace_back(blocks[i].first_s, end_s);
        }
        return result;
    }

    const MarkPattern& pattern;
    LumaShrinker shrinker;
    int whole_side_px;  ///< before it was shrunk
    MarkSearch search;
    std::vector<FrameSums> blocks;
    double block_s = kBlockS;
};

MarkDetector::MarkDetector(int width_px, int height_px, const MarkPattern& pattern) {
    if (std::min(width_px, height_px) < kLeastSidePx)
        fail(ErrorCode::kInvalidArgument, "[marking] picture: expected sides of {} px or more, got {} x {}",
             kLeastSidePx, width_px, height_px);
    impl_ = std::make_unique<Impl>(width_px, height_px, pattern);
}
MarkDetector::~MarkDetector() = default;

void MarkDetector::add(const std::uint8_t* rgb, double time_s) { impl_->add(rgb, time_s); }

MarkFinding MarkDetector::find() const {
    MarkFinding finding;
    if (impl_->blocks.empty()) return finding;
    MarkFit best;
    double log_alarm = 0;
    impl_->search_all(best, log_alarm);
    finding.score = best.score;
    finding.log10_false_alarm = log_alarm / std::log(10.0);
    finding.found = finding.log10_false_alarm < std::log10(kMostFalseAlarm);
    if (!finding.found) return finding;
    finding.scale = impl_->whole_side_px / best.side_px;
    finding.spans_s = impl_->spans(best);
    return finding;
}

}  // namespace vultus::marking
