#include "preparation/hold_out.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace vultus::preparation {
namespace {

constexpr std::size_t kManyRecordings = 10;
constexpr double kShortSeconds = 10;
constexpr double kBlockSeconds = 6, kReachSeconds = 3;
constexpr double kPauseSeconds = 0.3, kGapSeconds = 0.4;
constexpr double kNoPauseCostSeconds = 2;  // how much farther away a pause may lie than a mere quiet moment
constexpr double kLeastPieceSeconds = 1.5;
constexpr double kQuietShare = 0.3;  // of the way from the quietest to the loudest
constexpr float kLeastRangeDb = 10;  // less: music or noise without pauses

float quantile(std::vector<float> values, double q) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * (values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// A place to cut: frames before end_before and from first_after on belong to the sides.
struct Cut {
    int end_before = 0, first_after = 0;
    double cost_seconds = 0;
};

class HoldOut {
  public:
    HoldOut(const std::vector<Stretch>& stretches, double fps) : stretches_(stretches), fps_(fps) {
        for (const Stretch& stretch : stretches) total_ += stretch.level_db.size();
    }

    std::vector<Piece> whole_recordings() const {
        std::vector<Piece> pieces = all();
        for (Piece& piece : pieces) piece.split = corpus::default_split(stretches_[piece.stretch].recording);
        hold_last_if_none(pieces);
        return pieces;
    }

    std::vector<Piece> by_time(double share) const {
        const double seconds = total_ / fps_;
        std::vector<Piece> pieces = all();
        if (seconds < kLeastToHoldOutFromSeconds || share <= 0) {
            hold_last_if_none(pieces);
            return pieces;
        }
        const double wanted =
            std::min(seconds / 3, std::clamp(share * seconds, kLeastHeldOutSeconds, kMostHeldOutSeconds - 3));
        const int blocks = std::max(1, static_cast<int>(std::lround(wanted / kBlockSeconds)));
        for (int k = 0; k < blocks; ++k)
            hold_block((k + 0.5) / blocks * static_cast<double>(total_), wanted / blocks, pieces);
        std::erase_if(pieces, [&](const Piece& piece) { return piece.count < kLeastPieceSeconds * fps_; });
        return pieces;
    }

    bool many_short() const {
        std::set<int> recordings;
        std::vector<float> seconds;
        for (const Stretch& stretch : stretches_) {
            recordings.insert(stretch.recording);
            seconds.push_back(static_cast<float>(stretch.level_db.size() / fps_));
        }
        return recordings.size() >= kManyRecordings && quantile(seconds, 0.5) <= kShortSeconds;
    }

  private:
    int frames(double seconds) const { return static_cast<int>(std::lround(seconds * fps_)); }

    std::vector<Piece> all() const {
        std::vector<Piece> pieces;
        for (std::size_t s = 0; s < stretches_.size(); ++s)
            pieces.push_back({static_cast<int>(s), 0, static_cast<int>(stretches_[s].level_db.size()),
                              corpus::Split::kTrain});
        return pieces;
    }

    /// A handful of recordings: the last one measures.
    static void hold_last_if_none(std::vector<Piece>& pieces) {
        for (const Piece& piece : pieces)
            if (piece.split == corpus::Split::kValidation) return;
        if (pieces.size() > 1) pieces.back().split = corpus::Split::kValidation;
    }

    /// Cuts `length_seconds` around frame `centre` of all stretches in a row out of its piece.
    void hold_block(double centre, double length_seconds, std::vector<Piece>& pieces) const {
        double before = 0;
        int s = 0;
        while (s + 1 < static_cast<int>(stretches_.size()) &&
               before + stretches_[s].level_db.size() <= centre)
            before += static_cast<double>(stretches_[s++].level_db.size());
        const int at = static_cast<int>(centre - before);
        for (std::size_t p = 0; p < pieces.size(); ++p) {
            const Piece piece = pieces[p];
            if (piece.stretch != s || at < piece.first || at >= piece.first + piece.count) continue;
            if (piece.split == corpus::Split::kValidation) return;
            const std::vector<Piece> cut = cut_block(piece, at, frames(length_seconds));
            pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(p));
            pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(p), cut.begin(), cut.end());
            return;
        }
    }

    std::vector<Piece> cut_block(Piece piece, int at, int length) const {
        const int end = piece.first + piece.count;
        if (piece.count < length + frames(2 * kLeastPieceSeconds + kGapSeconds)) {
            piece.split = corpus::Split::kValidation;  // too short to be divided
            return {piece};
        }
        const int wanted = std::clamp(at - length / 2, piece.first, end - length);
        const auto begins = cuts_near(piece, wanted), ends = cuts_near(piece, wanted + length);
        Cut begin{piece.first, piece.first, 0}, stop{end, end, 0};
        double best = 1e9;
        for (const Cut& b : begins)
            for (const Cut& e : ends) {
                const double over = (e.end_before - b.first_after - length) / fps_;
                const double cost = b.cost_seconds + e.cost_seconds + (over < 0 ? -4 * over : 2 * over);
                if (e.end_before - b.first_after < length / 2 || cost >= best) continue;
                best = cost;
                begin = b;
                stop = e;
            }
        return {{piece.stretch, piece.first, begin.end_before - piece.first, corpus::Split::kTrain},
                {piece.stretch, begin.first_after, stop.end_before - begin.first_after,
                 corpus::Split::kValidation},
                {piece.stretch, stop.first_after, end - stop.first_after, corpus::Split::kTrain}};
    }

    /// The ends of the piece, pauses, and the quietest moment near a frame.
    std::vector<Cut> cuts_near(const Piece& piece, int wanted) const {
        const std::vector<float>& level = stretches_[piece.stretch].level_db;
        const int end = piece.first + piece.count, reach = frames(kReachSeconds), gap = frames(kGapSeconds);
        std::vector<Cut> cuts;
        const auto away = [&](int frame) { return std::abs(frame - wanted) / fps_; };
        for (const int border : {piece.first, end})
            if (std::abs(border - wanted) <= reach) cuts.push_back({border, border, away(border)});
        for (const int pause : find_pauses(level, fps_))
            if (std::abs(pause - wanted) <= reach && pause > piece.first && pause < end)
                cuts.push_back({pause, pause, away(pause)});
        int quietest = -1;
        for (int t = std::max(piece.first + gap, wanted - reach / 3);
             t < std::min(end - gap, wanted + reach / 3); ++t)
            if (quietest < 0 || level[t] < level[quietest]) quietest = t;
        if (quietest >= 0)
            cuts.push_back(
                {quietest - gap / 2, quietest + (gap + 1) / 2, away(quietest) + kNoPauseCostSeconds});
        return cuts;
    }

    const std::vector<Stretch>& stretches_;
    double fps_;
    std::size_t total_ = 0;
};

}  // namespace

std::vector<int> find_pauses(const std::vector<float>& level_db, double fps) {
    if (level_db.empty()) return {};
    const float low = quantile(level_db, 0.05), high = quantile(level_db, 0.95);
    if (high - low < kLeastRangeDb) return {};
    const float limit = low + static_cast<float>(kQuietShare) * (high - low);
    std::vector<int> pauses;
    const int n = static_cast<int>(level_db.size());
    for (int t = 0; t < n;) {
        int stop = t;
        while (stop < n && level_db[stop] < limit) ++stop;
        if (stop - t >= kPauseSeconds * fps) pauses.push_back((t + stop) / 2);
        t = stop + 1;
    }
    return pauses;
}

std::vector<Piece> hold_out(const std::vector<Stretch>& stretches, double fps, double share) {
    if (stretches.empty()) return {};
    const HoldOut holder(stretches, fps);
    return holder.many_short() ? holder.whole_recordings() : holder.by_time(share);
}

}  // namespace vultus::preparation
