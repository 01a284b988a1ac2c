// How likely a colour is in the background and in the person, place by place.
#pragma once

#include <cstddef>
#include <vector>

namespace vultus::matting {

/// How often which colour is: densities over [0, 256)^3.
class ColourHistogram {
  public:
    ColourHistogram() : bins_(kBins * kBins * kBins) {}
    void clear();
    /// red, green, blue: 0..255.
    void add(const float* rgb, float weight) { bins_[index(rgb)] += weight; }
    /// After the last add(): smooths and normalises.
    void settle();
    float density(const float* rgb) const { return bins_[index(rgb)]; }

  private:
    static constexpr int kBins = 24;
    static std::size_t index(const float* rgb);
    std::vector<float> bins_;
};

/// What one layer (background or person) looks like: at each pixel a Gaussian around the colour that was seen
/// there, and everywhere the layer's colours as a whole.
class ColourLayer {
  public:
    /// least_spread: levels; unseen_spread: where the layer was never seen and neighbours tell its colour.
    ColourLayer(int width, int height, float least_spread, float unseen_spread);

    void clear();
    /// rgb [height, width, 3], 0..255; weights [height, width]: how much the pixel belongs to the layer.
    void add(const float* rgb, const float* weights);
    /// After the last add(). A pixel that shows the layer with this weight in all tells its colour for
    /// certain.
    void settle(float enough);
    /// Density of a colour at pixel i.
    float density(std::size_t i, const float* rgb) const;
    /// [height, width, 3]; of pixels where the layer was never seen: what surrounds them.
    const std::vector<float>& colours() const { return mean_; }

    /// Levels, of the colours seen at pixel i.
    float spread(std::size_t i) const { return spread_[i]; }

  private:
    int width_, height_;
    float least_spread_, unseen_spread_;
    std::vector<float> weight_;  ///< how certain the colour is, once settled: 0..1
    std::vector<float> mean_, square_, spread_;
    ColourHistogram histogram_;
};

}  // namespace vultus::matting
