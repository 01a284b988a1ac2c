// The face mesh as the trainer runs it, on LibTorch, against the original network
// (tests/golden/face_mesh/make.py).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "autograd/onnx_network.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "media/video_reader.h"

namespace vultus::autograd {
namespace {

using torch::Tensor;

const std::filesystem::path kSource = VULTUS_SOURCE_DIR;

Tensor golden_crop() {
    media::VideoReader reader(kSource / "tests" / "golden" / "face_mesh" / "crop.png");
    media::Image image;
    EXPECT_TRUE(reader.read(image));
    return torch::from_blob(image.rgb.data(), {1, image.height, image.width, 3}, torch::kUInt8)
        .permute({0, 3, 1, 2})
        .to(torch::kFloat32)
        .div(255);
}

TEST(OnnxNetwork, FindsThePointsThatTheOriginalFinds) {
    torch::NoGradGuard no_grad;
    const OnnxNetwork network(kSource / "models" / "face" / "mesh.onnx", torch::kCPU);
    const std::vector<Tensor> out = network(golden_crop(), {"mesh", "presence"});
    const Tensor mesh = out[0].view({468, 3});
    std::ifstream file(kSource / "tests" / "golden" / "face_mesh" / "expected.txt");
    double presence = 0;
    file >> presence;
    EXPECT_NEAR(out[1].sigmoid().item<double>(), presence, 1e-3);
    std::vector<std::array<double, 2>> expected(468);
    for (auto& [x, y] : expected) ASSERT_TRUE(file >> x >> y);
    // Forehead, nose, cheeks, chin, jaw: points that are not looked at twice.
    for (const int i : {10, 151, 6, 195, 4, 2, 98, 327, 50, 280, 152, 172, 397, 234, 454}) {
        EXPECT_NEAR(mesh[i][0].item<double>(), expected[static_cast<std::size_t>(i)][0], 0.02) << i;
        EXPECT_NEAR(mesh[i][1].item<double>(), expected[static_cast<std::size_t>(i)][1], 0.02) << i;
    }
}

TEST(OnnxNetwork, GradientsReachTheInputAlone) {
    const OnnxNetwork network(kSource / "models" / "face" / "mesh.onnx", torch::kCPU);
    const Tensor x = golden_crop().requires_grad_();
    const Tensor features = network(x, {"t35"})[0];
    EXPECT_EQ(features.sizes().vec(), (std::vector<std::int64_t>{1, 32, 48, 48}));
    features.sum().backward();
    EXPECT_GT(x.grad().abs().max().item<double>(), 0);
}

TEST(OnnxNetwork, WhatIsNoNetworkIsTold) {
    const ScratchFolder scratch("onnx");
    const std::filesystem::path file = scratch.path() / "mesh.onnx";
    const std::string whole = read_file(kSource / "models" / "face" / "mesh.onnx");
    for (const std::string& bytes :
         {std::string(), std::string("no network"), whole.substr(0, whole.size() / 2)}) {
        write_file(file, bytes);
        EXPECT_THROW(OnnxNetwork(file, torch::kCPU), Error) << bytes.size();
    }
}

}  // namespace
}  // namespace vultus::autograd
