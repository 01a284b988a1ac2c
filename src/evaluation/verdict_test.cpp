#include "evaluation/verdict.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vultus::evaluation {
namespace {

using Json = nlohmann::ordered_json;

const Verdict* find(const std::vector<Verdict>& verdicts, const std::string& what) {
    for (const Verdict& verdict : verdicts)
        if (verdict.what.find(what) != std::string::npos) return &verdict;
    return nullptr;
}

Json metrics(double r, double mouth_db, double flicker, double broken = 0) {
    return Json{{"num_frames", 100},
                {"off_manifold_share", broken},
                {"reconstruction", {{"psnr_db", 31.0}, {"mouth_psnr_db", mouth_db}}},
                {"speech_driven", {{"opening", {{"r", r}}}, {"flicker", {{"ratio", flicker}}}}}};
}

TEST(Verdict, SaysWhatIsWrongAndWhatToFilm) {
    const std::vector<Verdict> verdicts = judge(metrics(0.33, 26.0, 2.5), 60);
    EXPECT_EQ(find(verdicts, "Lips")->grade, Grade::kPoor);
    EXPECT_NE(find(verdicts, "Lips")->advice.find("film more"), std::string::npos);
    EXPECT_EQ(find(verdicts, "mouth is drawn")->grade, Grade::kFair);
    EXPECT_EQ(find(verdicts, "picture is drawn")->grade, Grade::kGood);
    EXPECT_EQ(find(verdicts, "picture is drawn")->advice, "");
    EXPECT_EQ(find(verdicts, "steady")->grade, Grade::kPoor) << "2.5 times the recording's flicker";
    EXPECT_EQ(find(judge(metrics(0.33, 26, 0.2), 60), "steady")->grade, Grade::kGood)
        << "steadier is no fault";
    EXPECT_EQ(find(verdicts, "whole face")->grade, Grade::kGood);
    EXPECT_EQ(find(judge(metrics(0.33, 26, 1, 0.05), 60), "whole face")->grade, Grade::kFair);
    EXPECT_EQ(find(judge(metrics(0.33, 26, 1, 0.5), 60), "whole face")->measure, "50.0 % broken");
    EXPECT_EQ(find(verdicts, "sharp"), nullptr) << "not in this report";
    EXPECT_EQ(find(judge(metrics(0.33, 26, 1), 600), "Lips")->advice.find("film more"), std::string::npos)
        << "there was enough of it";
}

TEST(Verdict, ExpectsMoreFromMoreFootageAndTime) {
    EXPECT_NE(expectation(20, 256, 300, false).find("poor pictures"), std::string::npos);
    EXPECT_NE(expectation(20, 256, 300, false).find("poor lips"), std::string::npos);
    EXPECT_NE(expectation(300, 256, 7200, false).find("good pictures"), std::string::npos);
    EXPECT_NE(expectation(300, 256, 300, true).find("good pictures"), std::string::npos);
    EXPECT_NE(expectation(60, 256, 3600, false).find("fair lips"), std::string::npos);
}

TEST(Verdict, PageEscapesWhatPeopleWrote) {
    const std::string page =
        verdict_page("<b>\"Me\" & you", judge(metrics(0.8, 29, 1), 60), "c.png", "r/i.html");
    EXPECT_EQ(page.find("<b>"), std::string::npos);
    EXPECT_NE(page.find("&lt;b>&quot;Me&quot; &amp; you"), std::string::npos);
    EXPECT_NE(page.find("correlation 0.80"), std::string::npos);
    EXPECT_NE(page.find("href=\"r/i.html\""), std::string::npos);
}

}  // namespace
}  // namespace vultus::evaluation
