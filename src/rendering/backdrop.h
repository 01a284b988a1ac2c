// Another background behind the drawn person.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "matting/matte.h"
#include "media/image.h"
#include "speaking/talker.h"

namespace vultus::rendering {

/// Learns from pictures that the talker draws (its head here and there) where the person ends, then puts
/// something else behind.
class Backdrop {
  public:
    /// what: a colour ("#1e90ff", "white"), a picture that FFmpeg reads (it covers the square, the middle of
    /// its longer side is seen), or "transparent". Takes the time of some 40 frames, for a person of 256 px a
    /// second or two. Errors: kInvalidArgument (no such colour, nor file); as read_image().
    Backdrop(const std::string& what, speaking::Talker& talker);

    static constexpr const char* kTransparent = "transparent";
    bool transparent() const { return picture_.empty(); }
    /// Matte::certainty().
    double certainty() const { return matte_->certainty(); }
    static constexpr double kGood = 0.9, kFair = 0.7;
    /// "good", "fair" or "poor".
    static const char* word_for(double certainty);

    /// drawn: RGB [S, S, 3], changed in place; not where it is transparent.
    void put_behind(std::uint8_t* drawn);
    /// Leaves the person's own colours in `drawn`; alpha [S, S]: how much of a pixel is person, 0..255, three
    /// times.
    void cut_out(media::Image& drawn, media::Image& alpha);

  private:
    media::Image picture_;  ///< [S, S]; empty: transparent
    std::optional<matting::Matte> matte_;
    std::vector<std::uint8_t> rgba_;
};

/// "#rgb", "#rrggbb" or a basic colour of CSS; nothing for anything else.
std::optional<std::array<std::uint8_t, 3>> parse_colour(const std::string& text);

}  // namespace vultus::rendering
