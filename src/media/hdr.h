// High dynamic range, as phones record it, to the range and colours of an ordinary screen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vultus::media {

enum class Transfer { kPq, kHlg };  ///< SMPTE ST 2084, ARIB STD-B67

/// Turns BT.2020 pixels into BT.709 bytes. Diffuse white (203 cd/m2, ITU-R BT.2408) becomes nearly white,
/// what is below 60 % of it keeps its brightness, and what is brighter is rolled off without changing its
/// hue.
class ToneMapper {
  public:
    explicit ToneMapper(Transfer transfer);
    /// rgb [count, 3], 0..65535; out [count, 3].
    void map(const std::uint16_t* rgb, std::size_t count, std::uint8_t* out) const;

  private:
    std::vector<float> linear_;         // of 4096 code values: light, 1 at diffuse white
    std::vector<std::uint8_t> encode_;  // of 4096 steps of light 0..1
};

/// Where odd lines stand out from the lines around them like a comb, they become the mean of these: the
/// picture is then that of the even lines' moment. Other pixels stay. rgb [height, width, 3].
void deinterlace(std::uint8_t* rgb, int width_px, int height_px);

}  // namespace vultus::media
