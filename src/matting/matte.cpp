#include "matting/matte.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::matting {
namespace {

constexpr int kSmallSide = 128;  ///< at most: the outline is found there, its details in the whole picture
constexpr int kLeastPictures = 8, kRounds = 6;
constexpr float kDoubt = 0.7f;   ///< what is person with a lower probability teaches nothing of persons
constexpr float kEnough = 0.1f;  ///< of the pictures must show a layer at a pixel, before its colour counts
constexpr float kMostOdds = 6;   ///< of a pixel: no prior and no colour is ever quite certain
constexpr float kTrust = 0.5f;   ///< in colours: pixels side by side tell the same twice
constexpr float kBehindSpread = 4, kUnseenBehindSpread = 24, kPersonSpread = 12, kUnseenPersonSpread = 60;
constexpr float kVeil = 0.065f;     ///< of alpha
constexpr float kFaint = 0.15f;     ///< alpha below which a pixel does not tell the person's colour
constexpr float kOtherColour = 30;  ///< levels between person and background that cannot be mistaken
constexpr float kStillSpread =
    9;  ///< levels: more, and it isn't the background that is seen there, or that moves

float log_odds(float p) { return std::log(p / (1 - p)); }
float probability(float odds) { return 1 / (1 + std::exp(-odds)); }

/// A head and shoulders in the framing of a prepared corpus (preparation/crop_choice.h: three face widths,
/// landmarks in the middle), before any picture was seen: log odds of being person. x, y: 0..1.
float portrait(float x, float y) {
    constexpr float kSure = 3, kLikely = 1.2f, kSteep = 20;
    const float across = std::abs(x - 0.5f);
    // How far inside of what is person in every picture and in most, and outside of what is it in any.
    const float face = 1 - std::hypot(across / 0.15f, (y - 0.48f) / 0.2f);
    const float chest = std::min((y - 0.6f) / 0.2f, (0.06f + 0.6f * (y - 0.75f) - across) / 0.2f);
    const float around = std::hypot(across / 0.36f, (y - 0.5f) / 0.46f) - 1;
    const float beside = std::min((across - 0.36f) / 0.2f, (0.62f - y) / 0.2f);
    const float head = 1 - std::hypot(across / 0.2f, (y - 0.45f) / 0.29f);
    const float shoulders = std::min((y - 0.78f) / 0.2f, (0.1f + 1.6f * (y - 0.75f) - across) / 0.2f);
    const float inside = std::clamp(kSteep * std::max(face, chest), 0.0f, kSure - kLikely) +
                         std::clamp(kSteep * std::max(head, shoulders), 0.0f, kLikely);
    const float outside =
        std::clamp(kSteep * std::max(std::min(around, (0.62f - y) / 0.2f), beside), 0.0f, kSure);
    return inside - outside;
}

/// Between four pixels of a small square picture.
struct Between {
    /// x, y: px of the small picture, 0.5 in the middle of the first one.
    Between(int side, float x, float y) {
        const float u = std::clamp(x - 0.5f, 0.0f, static_cast<float>(side - 1)),
                    v = std::clamp(y - 0.5f, 0.0f, static_cast<float>(side - 1));
        const int x0 = static_cast<int>(u), y0 = static_cast<int>(v);
        p = u - static_cast<float>(x0);
        q = v - static_cast<float>(y0);
        first = std::size_t(y0) * side + x0;
        right = x0 + 1 < side ? 1 : 0;
        below = y0 + 1 < side ? side : 0;
    }
    /// Of a plane or, with a stride of 3, of one colour.
    float of(const float* values, int stride, int offset) const {
        const float* a = values + stride * first + offset;
        const float above = a[0] + p * (a[stride * right] - a[0]);
        const float* b = a + stride * below;
        return above + q * (b[0] + p * (b[stride * right] - b[0]) - above);
    }
    float p, q;
    std::size_t first;
    std::ptrdiff_t right, below;
};

int factor_for(int size_px) { return (size_px + kSmallSide - 1) / kSmallSide; }

}  // namespace

Matte::Matte(const std::vector<std::vector<std::uint8_t>>& pictures, int size_px)
    : size_px_(size_px),
      factor_(factor_for(size_px)),
      side_(size_px / factor_),
      behind_(side_, side_, kBehindSpread, kUnseenBehindSpread),
      person_(side_, side_, kPersonSpread, kUnseenPersonSpread),
      regions_(side_, side_, std::max(1, side_ / 32), 1e-3f),
      edges_(side_, side_, std::max(1, side_ / 64), 1e-5f) {
    if (static_cast<int>(pictures.size()) < kLeastPictures || size_px < 16)
        fail(ErrorCode::kInvalidArgument,
             "[matting] expected {} pictures or more of 16 px or more, got {} of {} px", kLeastPictures,
             pictures.size(), size_px);
    const std::size_t count = static_cast<std::size_t>(side_) * side_;
    small_.resize(3 * count);
    planes_.resize(3 * count);
    odds_.resize(count);
    small_alpha_.resize(count);
    prior_.resize(count);
    for (int y = 0; y < side_; ++y)
        for (int x = 0; x < side_; ++x)
            prior_[std::size_t(y) * side_ + x] =
                portrait((static_cast<float>(x) + 0.5f) / side_, (static_cast<float>(y) + 0.5f) / side_);
    learn(pictures);
}

void Matte::shrink(const std::uint8_t* rgb) {
    const std::size_t count = static_cast<std::size_t>(side_) * side_;
    const float scale = 1.0f / static_cast<float>(factor_ * factor_);
    for (int y = 0; y < side_; ++y)
        for (int x = 0; x < side_; ++x)
            for (int c = 0; c < 3; ++c) {
                int sum = 0;
                for (int v = 0; v < factor_; ++v)
                    for (int u = 0; u < factor_; ++u)
                        sum += rgb[3 * (std::size_t(y * factor_ + v) * size_px_ + x * factor_ + u) + c];
                const std::size_t i = std::size_t(y) * side_ + x;
                small_[3 * i + c] = static_cast<float>(sum) * scale;
                planes_[c * count + i] = small_[3 * i + c] / 255;
            }
}

/// Expectation (which pixels are person) and maximisation (what both look like) in turn.
void Matte::learn(const std::vector<std::vector<std::uint8_t>>& pictures) {
    const std::size_t count = small_alpha_.size();
    std::vector<std::vector<float>> persons(pictures.size(), std::vector<float>(count));
    for (auto& person : persons)
        for (std::size_t i = 0; i < count; ++i) person[i] = probability(prior_[i]);
    std::vector<float> weights(count), mean(count), scratch;
    for (int round = 0; round <= kRounds; ++round) {
        behind_.clear();
        person_.clear();
        for (std::size_t k = 0; k < pictures.size(); ++k) {
            shrink(pictures[k].data());
            for (std::size_t i = 0; i < count; ++i)
                weights[i] = std::max(0.0f, persons[k][i] - kDoubt) / (1 - kDoubt);
            person_.add(small_.data(), weights.data());
            for (std::size_t i = 0; i < count; ++i)
                weights[i] = std::max(0.0f, 1 - kDoubt - persons[k][i]) / (1 - kDoubt);
            behind_.add(small_.data(), weights.data());
        }
        const float enough = kEnough * static_cast<float>(pictures.size());
        person_.settle(enough);
        behind_.settle(enough);
        if (round == kRounds) break;
        std::fill(mean.begin(), mean.end(), 0.0f);
        for (std::size_t k = 0; k < pictures.size(); ++k) {
            shrink(pictures[k].data());
            judge(persons[k]);
            keep_one_person(persons[k]);
            for (std::size_t i = 0; i < count; ++i)
                mean[i] += persons[k][i] / static_cast<float>(pictures.size());
        }
        // A head may go a little further than it was seen.
        box_mean(mean.data(), side_, side_, std::max(1, side_ / 64), scratch, mean.data());
        for (std::size_t i = 0; i < count; ++i) prior_[i] = log_odds(std::clamp(mean[i], 0.03f, 0.97f));
    }
    for (const auto& person : persons)
        certainty_ += certainty_of(person) / static_cast<double>(persons.size());
}

/// Of the picture in small_: how much each pixel is person.
void Matte::judge(std::vector<float>& person) {
    constexpr float kLeast = 1e-12f;
    for (std::size_t i = 0; i < odds_.size(); ++i) {
        const float ratio = std::log((person_.density(i, &small_[3 * i]) + kLeast) /
                                     (behind_.density(i, &small_[3 * i]) + kLeast));
        odds_[i] = std::clamp(prior_[i] + kTrust * ratio, -kMostOdds, kMostOdds);
    }
    regions_.set_guide(planes_.data());
    regions_.smooth(odds_.data(), odds_.data());
    for (std::size_t i = 0; i < odds_.size(); ++i) person[i] = probability(odds_[i]);
}

/// What looks like background inside of the person is person, what looks like person but hangs on nothing is
/// not.
void Matte::keep_one_person(std::vector<float>& person) {
    const auto spread = [&](auto from, auto belongs, float to) {
        reached_.assign(person.size(), 0);
        queue_.clear();
        const auto visit = [&](int x, int y) {
            if (x < 0 || y < 0 || x >= side_ || y >= side_) return;
            const int i = y * side_ + x;
            if (reached_[i] || !belongs(person[i])) return;
            reached_[i] = 1;
            queue_.push_back(i);
        };
        for (int y = 0; y < side_; ++y)
            for (int x = 0; x < side_; ++x)
                if (from(x, y)) visit(x, y);
        for (std::size_t k = 0; k < queue_.size(); ++k) {
            const int x = queue_[k] % side_, y = queue_[k] / side_;
            visit(x - 1, y);
            visit(x + 1, y);
            visit(x, y - 1);
            visit(x, y + 1);
        }
        for (std::size_t i = 0; i < person.size(); ++i)
            if (!reached_[i] && belongs(person[i])) person[i] = to;
    };
    spread([&](int x, int y) { return y == 0 || ((x == 0 || x == side_ - 1) && y < 0.9 * side_); },
           [](float p) { return p < 0.5f; }, 1.0f);
    spread(
        [&](int x, int y) {
            return std::abs(x - side_ / 2) <= side_ / 16 && std::abs(y - side_ / 2) <= side_ / 8;
        },
        [](float p) { return p >= 0.5f; }, 0.0f);
}

double Matte::certainty_of(const std::vector<float>& person) const {
    const int reach = std::max(1, side_ / 42);
    std::int64_t along = 0, certain = 0;
    const auto compare = [&](int x, int y, int dx, int dy) {
        const int x0 = x - reach * dx, y0 = y - reach * dy, x1 = x + (reach + 1) * dx,
                  y1 = y + (reach + 1) * dy;
        if (x0 < 0 || y0 < 0 || x1 >= side_ || y1 >= side_) return;
        if ((person[y * side_ + x] >= 0.5f) == (person[(y + dy) * side_ + x + dx] >= 0.5f)) return;
        float distance = 0;
        const bool first_is_person = person[y * side_ + x] >= 0.5f;
        const int in = first_is_person ? y0 * side_ + x0 : y1 * side_ + x1,
                  out = first_is_person ? y1 * side_ + x1 : y0 * side_ + x0;
        for (int c = 0; c < 3; ++c)
            distance += std::pow(person_.colours()[3 * in + c] - behind_.colours()[3 * out + c], 2.0f);
        ++along;
        certain += std::sqrt(distance) > kOtherColour && behind_.spread(out) < kStillSpread;
    };
    for (int y = 0; y + 1 < side_; ++y)
        for (int x = 0; x + 1 < side_; ++x) {
            compare(x, y, 1, 0);
            compare(x, y, 0, 1);
        }
    return along > 0 ? static_cast<double>(certain) / static_cast<double>(along) : 0.0;
}

void Matte::cut_out(const std::uint8_t* rgb, std::uint8_t* rgba) {
    shrink(rgb);
    judge(small_alpha_);
    keep_one_person(small_alpha_);
    edges_.set_guide(planes_.data());
    const float* functions = edges_.functions(small_alpha_.data()).data();
    const std::size_t count = small_alpha_.size();
    const float to_small = 1.0f / static_cast<float>(factor_);
    for (int y = 0; y < size_px_; ++y)
        for (int x = 0; x < size_px_; ++x, rgb += 3, rgba += 4) {
            const Between at(side_, (static_cast<float>(x) + 0.5f) * to_small,
                             (static_cast<float>(y) + 0.5f) * to_small);
            float alpha = at.of(functions + 3 * count, 1, 0);
            for (int c = 0; c < 3; ++c)
                alpha += at.of(functions + c * count, 1, 0) * static_cast<float>(rgb[c]) / 255;
            // What is almost certain is certain: no veil over the whole picture.
            alpha = std::clamp((alpha - kVeil) / (1 - 2 * kVeil), 0.0f, 1.0f);
            for (int c = 0; c < 3; ++c) {
                const float behind = at.of(behind_.colours().data(), 3, c),
                            own = at.of(person_.colours().data(), 3, c);
                const float unmixed =
                    behind + (static_cast<float>(rgb[c]) - behind) / std::max(alpha, kFaint);
                const float known = std::min(alpha / kFaint, 1.0f);
                rgba[c] =
                    static_cast<std::uint8_t>(std::clamp(own + known * (unmixed - own), 0.0f, 255.0f) + 0.5f);
            }
            rgba[3] = static_cast<std::uint8_t>(255 * alpha + 0.5f);
        }
}

}  // namespace vultus::matting
