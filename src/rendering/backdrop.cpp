#include "rendering/backdrop.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "media/image.h"
#include "media/resize.h"

namespace vultus::rendering {
namespace {

constexpr int kPictures = 32;
constexpr double kSpacingS = 1.5;  ///< between them, so that the head is elsewhere

using Colour = std::array<std::uint8_t, 3>;

const std::array<std::pair<const char*, Colour>, 17> kColours = {{{"black", {0, 0, 0}},
                                                                  {"silver", {192, 192, 192}},
                                                                  {"gray", {128, 128, 128}},
                                                                  {"grey", {128, 128, 128}},
                                                                  {"white", {255, 255, 255}},
                                                                  {"maroon", {128, 0, 0}},
                                                                  {"red", {255, 0, 0}},
                                                                  {"purple", {128, 0, 128}},
                                                                  {"fuchsia", {255, 0, 255}},
                                                                  {"green", {0, 128, 0}},
                                                                  {"lime", {0, 255, 0}},
                                                                  {"olive", {128, 128, 0}},
                                                                  {"yellow", {255, 255, 0}},
                                                                  {"navy", {0, 0, 128}},
                                                                  {"blue", {0, 0, 255}},
                                                                  {"teal", {0, 128, 128}},
                                                                  {"aqua", {0, 255, 255}}}};

media::Image background_picture(const std::string& what, int size_px) {
    media::Image picture(size_px, size_px);
    if (const auto colour = parse_colour(what)) {
        for (std::size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = (*colour)[i % 3];
        return picture;
    }
    if (!std::filesystem::exists(what))
        fail(ErrorCode::kInvalidArgument,
             "[talk] background: expected a colour (#rrggbb or a name such as white), a picture or "
             "transparent, got {}",
             what);
    const media::Image whole = media::read_image(what);
    const double side = std::min(whole.width, whole.height);
    const corpus::Box middle{(whole.width - side) / 2, (whole.height - side) / 2, side, side};
    media::crop_and_resize(whole, middle, size_px, picture);
    return picture;
}

/// What the talker draws while nobody speaks: its head goes where it was recorded.
std::vector<std::vector<std::uint8_t>> some_pictures(speaking::Talker& talker) {
    const auto step = static_cast<std::int64_t>(std::lround(kSpacingS * talker.fps()));
    const std::int64_t frames = step * kPictures;
    const std::vector<float> silence(static_cast<std::size_t>(16000 * kSpacingS * (kPictures + 1)));
    const std::vector<float> latents = talker.latents_from_speech(silence, frames, {});
    std::vector<std::vector<std::uint8_t>> pictures(kPictures);
    for (int i = 0; i < kPictures; ++i) {
        pictures[i].resize(std::size_t{3} * talker.size_px() * talker.size_px());
        talker.decode(latents.data() + i * step * talker.latent_dim(), pictures[i].data());
    }
    return pictures;
}

}  // namespace

std::optional<Colour> parse_colour(const std::string& text) {
    for (const auto& [name, colour] : kColours)
        if (text == name) return colour;
    const bool is_short = text.size() == 4;
    if (text.empty() || text[0] != '#' || (text.size() != 7 && !is_short)) return {};
    Colour colour{};
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (!std::isxdigit(static_cast<unsigned char>(text[i]))) return {};
        const int digit = std::stoi(text.substr(i, 1), nullptr, 16);
        const std::size_t c = is_short ? i - 1 : (i - 1) / 2;
        colour[c] = static_cast<std::uint8_t>(is_short ? 17 * digit : 16 * colour[c] + digit);
    }
    return colour;
}

const char* Backdrop::word_for(double certainty) {
    return certainty >= kGood ? "good" : certainty >= kFair ? "fair" : "poor";
}

Backdrop::Backdrop(const std::string& what, speaking::Talker& talker) {
    if (what != kTransparent) picture_ = background_picture(what, talker.size_px());
    matte_.emplace(some_pictures(talker), talker.size_px());
    rgba_.resize(std::size_t{4} * talker.size_px() * talker.size_px());
}

void Backdrop::put_behind(std::uint8_t* drawn) {
    matte_->cut_out(drawn, rgba_.data());
    for (std::size_t i = 0; i < rgba_.size() / 4; ++i)
        for (std::size_t c = 0; c < 3; ++c) {
            const int alpha = rgba_[4 * i + 3];
            drawn[3 * i + c] = static_cast<std::uint8_t>(
                (alpha * rgba_[4 * i + c] + (255 - alpha) * picture_.rgb[3 * i + c] + 127) / 255);
        }
}

void Backdrop::cut_out(media::Image& drawn, media::Image& alpha) {
    matte_->cut_out(drawn.rgb.data(), rgba_.data());
    alpha = media::Image(drawn.width, drawn.height);
    for (std::size_t i = 0; i < rgba_.size() / 4; ++i)
        for (std::size_t c = 0; c < 3; ++c) {
            drawn.rgb[3 * i + c] = rgba_[4 * i + c];
            alpha.rgb[3 * i + c] = rgba_[4 * i + 3];
        }
}

}  // namespace vultus::rendering
