#include "face/face_mesh.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>

#include "media/video_reader.h"

namespace vultus::face {
namespace {

const std::filesystem::path kGolden =
    std::filesystem::path(VULTUS_SOURCE_DIR) / "tests" / "golden" / "face_mesh";

media::Image golden_crop() {
    media::VideoReader reader(kGolden / "crop.png");
    media::Image image;
    EXPECT_TRUE(reader.read(image));
    return image;
}

cv::Mat mat_of(media::Image& image) { return {image.height, image.width, CV_8UC3, image.rgb.data()}; }

// What the original network says of the same picture (tests/golden/face_mesh/make.py).
TEST(FaceMesh, SaysWhatTheOriginalSays) {
    media::Image crop = golden_crop();
    FaceMeshFinder finder;
    const FaceMesh mesh = finder.find(mat_of(crop));
    std::ifstream expected(kGolden / "expected.txt");
    double presence = 0;
    expected >> presence;
    EXPECT_NEAR(mesh.presence, presence, 1e-3);
    for (const cv::Point2f& point : mesh.points) {
        double x = 0, y = 0;
        ASSERT_TRUE(expected >> x >> y);
        EXPECT_NEAR(point.x, x, 0.02);
        EXPECT_NEAR(point.y, y, 0.02);
    }
}

TEST(FaceMesh, LandmarksLieWhereTheirNamesSay) {
    media::Image crop = golden_crop();
    FaceMeshFinder finder;
    const std::array<cv::Point2f, 68> p = finder.find(mat_of(crop)).landmarks();
    EXPECT_LT(p[0].x, p[36].x);  // jaw, eye, nose from left to right
    EXPECT_LT(p[39].x, p[27].x);
    EXPECT_LT(p[42].x, p[45].x);
    EXPECT_LT(p[45].x, p[16].x);
    EXPECT_LT(p[19].y, p[37].y);  // brow, eye, nose, lips, chin from top to bottom
    EXPECT_LT(p[41].y, p[30].y);
    EXPECT_LT(p[33].y, p[51].y);
    EXPECT_LT(p[51].y, p[62].y);
    EXPECT_LT(p[62].y, p[66].y + 1);  // closed lips may cross
    EXPECT_LT(p[66].y, p[57].y);
    EXPECT_LT(p[57].y, p[8].y);
    EXPECT_LT(p[48].x, p[60].x + 1);
    EXPECT_LT(p[64].x, p[54].x + 1);
}

TEST(FaceMesh, AWallIsNoFace) {
    FaceMeshFinder finder;
    const cv::Mat wall(kMeshCropPx, kMeshCropPx, CV_8UC3, cv::Scalar(90, 120, 140));
    EXPECT_LT(finder.find(wall).presence, 0.5);
}

}  // namespace
}  // namespace vultus::face
