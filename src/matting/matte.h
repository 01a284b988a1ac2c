// Where a drawn person ends and the background begins.
#pragma once

#include <cstdint>
#include <vector>

#include "matting/colour_model.h"
#include "matting/guided_filter.h"

namespace vultus::matting {

/// Nobody was filmed before a green screen, but the background did not move, and the framing is known: head
/// in the middle, shoulders below. From pictures of one person, with the head here and there, this learns by
/// expectation and maximisation which colours each pixel has when it shows the background and when it shows
/// the person (Rother, Kolmogorov, Blake: "GrabCut", SIGGRAPH 2004, with a place for each colour, and a
/// guided filter where GrabCut cuts a graph). Threads: one caller at a time.
class Matte {
  public:
    /// pictures: [S, S, 3] each, in the framing of a prepared corpus; 8 at least, better 30 of all head
    /// positions. Errors: kInvalidArgument for fewer, or S < 16.
    Matte(const std::vector<std::vector<std::uint8_t>>& pictures, int size_px);

    /// The person alone: rgba [S, S, 4], the colours free of the old background's, alpha not multiplied in.
    void cut_out(const std::uint8_t* rgb, std::uint8_t* rgba);
    /// Part of the person's outline along which it has another colour than the background beside it, 0..1:
    /// what lies in the rest is guessed.
    double certainty() const { return certainty_; }

  private:
    void shrink(const std::uint8_t* rgb);
    void learn(const std::vector<std::vector<std::uint8_t>>& pictures);
    void judge(std::vector<float>& person);
    void keep_one_person(std::vector<float>& person);
    double certainty_of(const std::vector<float>& person) const;

    int size_px_, factor_, side_;  ///< side_: of the small pictures, size_px_ / factor_
    std::vector<float> small_;     ///< [side, side, 3], 0..255
    std::vector<float> planes_;    ///< [3, side, side], 0..1
    std::vector<float> prior_;     ///< [side, side]: log odds of being person
    ColourLayer behind_, person_;
    GuidedFilter regions_, edges_;
    std::vector<float> odds_, small_alpha_;  ///< [side, side]
    std::vector<int> queue_;
    std::vector<std::uint8_t> reached_;
    double certainty_ = 0;
};

}  // namespace vultus::matting
