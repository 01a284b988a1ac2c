// How long a person takes to talk on this machine, stage by stage.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vultus::speed {

struct BenchOptions {
    std::filesystem::path person;
    /// The program `vultus`, for what is measured on processes of its own; empty: those figures are left out.
    std::filesystem::path program;
    std::vector<int> threads = {1, 2};  ///< frames drawn at a time
    std::vector<int> steps = {1, 2, 4};
    /// px; sizes other than the person's are the preset `live` with random weights.
    std::vector<int> sizes_px = {128, 256, 512};
    double seconds = 2;  ///< for each measurement, and the length of the speech for the whole way times five
    double soak_s = 0;   ///< also frames at the person's rate for so long, and their 99th percentile
};

/// Sound features, latents, decode, colour conversion, H.264 and the whole way from PCM to an MP4 on disk:
/// ms per frame (mean, median, p99), frames/s, GFLOP/s, memory; start, first frame and paced run, with goals.
/// Errors: kIo, kCorruptData, kInvalidArgument, kUnsupported (a person that cannot speak), kCancelled.
nlohmann::json bench(const BenchOptions& options);

/// The same as text.
std::string format_bench(const nlohmann::json& report);

}  // namespace vultus::speed
