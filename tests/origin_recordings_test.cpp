// No recording is taken for a drawn one: all of $VULTUS_DATA, with the mark's key and with others.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "marking/mark_detector.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace vultus {
namespace {

TEST(OriginRecordings, AreNotMarked) {
    const char* data = std::getenv("VULTUS_DATA");
    if (!data) GTEST_SKIP() << "VULTUS_DATA does not name the recordings";
    const marking::MarkPattern other_keys[]{marking::MarkPattern(1), marking::MarkPattern(2)};
    int searches = 0, one_in_ten = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
        if (!media::is_video_name(entry.path())) continue;
        media::VideoReader reader(entry.path());
        std::vector<std::unique_ptr<marking::MarkDetector>> detectors;
        detectors.push_back(std::make_unique<marking::MarkDetector>(reader.width(), reader.height()));
        for (const marking::MarkPattern& key : other_keys)
            detectors.push_back(
                std::make_unique<marking::MarkDetector>(reader.width(), reader.height(), key));
        media::Image image;
        for (int frame = 0; reader.read(image); ++frame)
            for (auto& detector : detectors) detector->add(image.rgb.data(), frame / reader.fps());
        for (auto& detector : detectors) {
            const marking::MarkFinding finding = detector->find();
            EXPECT_FALSE(finding.found) << entry.path() << ": " << finding.log10_false_alarm;
            ++searches;
            one_in_ten += finding.log10_false_alarm < -1;
        }
    }
    ASSERT_GT(searches, 0);
    // The bound counts scales and places as if none resembled its neighbours: fewer come near than it allows.
    EXPECT_LE(one_in_ten, 0.1 * searches) << searches << " searches";
}

}  // namespace
}  // namespace vultus
