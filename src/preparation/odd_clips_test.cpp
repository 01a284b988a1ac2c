// On the whole GRID speaker: does prepare find by itself what a person saw? Needs a prepared corpus of all of
// $VULTUS_DATA/grid_s1/clips in $VULTUS_GRID_CORPUS (measured anew in a temporary folder if that is unset).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "corpus/corpus.h"
#include "media/test_media.h"
#include "preparation/prepare.h"

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;

TEST(OddClips, AreFoundWithFewFalseAlarms) {
    const char* data = std::getenv("VULTUS_DATA");
    if (!data || !fs::exists(fs::path(data) / "grid_s1"))
        GTEST_SKIP() << "VULTUS_DATA does not name the recordings";
    const fs::path grid = fs::path(data) / "grid_s1";
    std::set<std::string> odd,
        damaged = {"bbizzn", "brwg8p", "bwwuzn", "lgbf8n", "lrarzn",
                   "pbwx1s", "prii9a", "sran9s", "pbio7a"};  // parts of these show no face
    std::ifstream list(grid / "odd_clips.txt");
    for (std::string name; list >> name;) odd.insert(name);
    ASSERT_FALSE(odd.empty());

    const media::test::Scratch scratch;
    fs::path folder = scratch / "grid.corpus";
    if (const char* prepared = std::getenv("VULTUS_GRID_CORPUS")) {
        folder = prepared;
    } else {
        PrepareOptions options;
        for (const auto& entry : fs::directory_iterator(grid / "clips"))
            options.inputs.push_back(entry.path());
        options.out = folder;
        options.threads = 2;
        prepare(options);
    }
    const corpus::Corpus corpus = corpus::load_corpus(folder);
    std::map<std::string, std::string> left_out;  // recordings of which a part is, and why
    std::set<std::string> recordings;
    for (const corpus::Clip& clip : corpus.clips) {
        const std::string recording = fs::path(clip.source).stem().string();
        recordings.insert(recording);
        if (!clip.kept) left_out[recording] += clip.reason + "; ";
    }
    int odd_found = 0, odd_here = 0, damaged_found = 0, damaged_here = 0, false_alarms = 0;
    for (const std::string& name : recordings) {
        const bool is_odd = odd.count(name) != 0, is_damaged = damaged.count(name) != 0,
                   is_left_out = left_out.count(name) != 0;
        odd_here += is_odd;
        damaged_here += is_damaged;
        odd_found += is_odd && is_left_out;
        damaged_found += is_damaged && is_left_out;
        false_alarms += is_left_out && !is_odd && !is_damaged;
        if (is_left_out && !is_odd && !is_damaged)
            std::cout << "not listed: " << name << ": " << left_out[name] << "\n";
    }
    std::cout << "odd looks found " << odd_found << "/" << odd_here << ", damaged found " << damaged_found
              << "/" << damaged_here << ", left out " << left_out.size() << ", of them in neither list "
              << false_alarms << "\n";
    EXPECT_EQ(recordings.size(), 780u);
    EXPECT_GE(odd_found, 0.95 * odd_here);
    EXPECT_GE(damaged_found, 0.9 * damaged_here);
    EXPECT_LE(false_alarms, 10);
}

}  // namespace
}  // namespace vultus::preparation
