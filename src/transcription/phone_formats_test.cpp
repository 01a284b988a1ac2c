#include "transcription/phone_formats.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"

namespace vultus::transcription {
namespace {

int id(const std::string& name) { return audio::phone_from_name(name); }

/// "my cat": SIL M AY K AE T SIL.
alignment::PhoneTimes my_cat() {
    alignment::PhoneTimes times;
    times.duration_s = 1.2;
    const std::pair<const char*, double> ends[] = {{"SIL", 0.1}, {"M", 0.2},  {"AY", 0.4}, {"K", 0.48},
                                                   {"AE", 0.6},  {"T", 0.68}, {"SIL", 1.2}};
    double at = 0;
    for (const auto& [name, end] : ends) {
        times.phones.push_back({at, end, id(name)});
        at = end;
    }
    times.words = {{0.1, 0.4, "my", 0}, {0.4, 0.68, "\"cat\"", -0.5}};
    return times;
}

void expect_golden(PhoneFormat format, const std::string& file, const PhoneFormatOptions& options = {}) {
    const std::string path = std::string(VULTUS_SOURCE_DIR) + "/tests/golden/phone_formats/" + file;
    EXPECT_EQ(format_phones(my_cat(), format, options), read_file(path)) << file;
}

TEST(PhoneFormats, OwnFormatsAreAsTheyWere) {
    expect_golden(PhoneFormat::kText, "my_cat.txt");
    expect_golden(PhoneFormat::kTsv, "my_cat.tsv");
    expect_golden(PhoneFormat::kJson, "my_cat.json");
    expect_golden(PhoneFormat::kTextGrid, "my_cat.TextGrid");
}

TEST(PhoneFormats, EqualWordsInARowStayApart) {
    alignment::PhoneTimes times;
    times.duration_s = 0.6;
    times.phones = {{0, 0.1, id("N")}, {0.1, 0.2, id("OW")}, {0.2, 0.3, id("N")}, {0.3, 0.6, id("OW")}};
    times.words = {{0, 0.2, "no", 0}, {0.2, 0.6, "no", 0}};
    EXPECT_EQ(format_phones(times, PhoneFormat::kText),
              "    0.000     0.100  N    nn   no\n    0.100     0.200  OW   O\n"
              "    0.200     0.300  N    nn   no\n    0.300     0.600  OW   O\n");
}

TEST(PhoneFormats, RhubarbsFormatsAreRhubarbs) {
    PhoneFormatOptions options;
    options.sound_file = "/my & sound.wav";
    expect_golden(PhoneFormat::kRhubarbTsv, "my_cat.rhubarb.tsv", options);
    expect_golden(PhoneFormat::kRhubarbXml, "my_cat.rhubarb.xml", options);
    expect_golden(PhoneFormat::kRhubarbJson, "my_cat.rhubarb.json", options);
    expect_golden(PhoneFormat::kDat, "my_cat.dat", options);
    options.dat_preston_blair = true;
    options.dat_frame_rate = 30;
    expect_golden(PhoneFormat::kDat, "my_cat.preston_blair.dat", options);
}

TEST(PhoneFormats, RhubarbsXmlIsXmlForAnyFileName) {
    PhoneFormatOptions options;
    const auto named = [&](const std::string& name) {
        options.sound_file = name;
        const std::string xml = format_phones(my_cat(), PhoneFormat::kRhubarbXml, options);
        const std::size_t begin = xml.find("<soundFile>") + 11;
        return xml.substr(begin, xml.find("</soundFile>") - begin);
    };
    EXPECT_EQ(named("s.wav"), std::filesystem::current_path().string() + "/s.wav");
    EXPECT_EQ(named("/a<b>&\"c'.wav"), "/a&lt;b&gt;&amp;&quot;c&apos;.wav");
    EXPECT_EQ(named("/\x01\x1B.wav"), "/??.wav");
    EXPECT_EQ(named("/\xFF.wav"), "/\xEF\xBF\xBD.wav");
    EXPECT_EQ(named("/\xC3\xA9.wav"), "/\xC3\xA9.wav");
    EXPECT_EQ(named(""), "");
}

TEST(PhoneFormats, ShapesThatAreNotDrawnHaveStandIns) {
    const std::vector<MouthCue> all = mouth_cues(my_cat(), "GHX"), basic = mouth_cues(my_cat(), "");
    EXPECT_EQ(all.front(), (MouthCue{0, 10, 'X'}));
    EXPECT_EQ(basic.front(), (MouthCue{0, 20, 'A'}));
    for (const MouthCue& cue : basic) EXPECT_LE(cue.shape, 'F');
    for (std::size_t i = 1; i < all.size(); ++i) {
        EXPECT_EQ(all[i].start_cs, all[i - 1].end_cs);
        EXPECT_NE(all[i].shape, all[i - 1].shape);
    }
    EXPECT_THROW(mouth_cues(my_cat(), "GQ"), Error);
    PhoneFormatOptions options;
    options.dat_frame_rate = 9;
    EXPECT_THROW(format_phones(my_cat(), PhoneFormat::kDat, options), Error);
}

TEST(PhoneFormats, EmptySoundIsStillAFile) {
    EXPECT_EQ(format_phones({}, PhoneFormat::kRhubarbTsv), "0.00\tX\n");
    EXPECT_NE(format_phones({}, PhoneFormat::kRhubarbXml)
                  .find("<mouthCue start=\"0.00\" end=\"0.00\">X</mouthCue>"),
              std::string::npos);
    EXPECT_EQ(format_phones({}, PhoneFormat::kDat), "MohoSwitch1\n1 X\n");
}

}  // namespace
}  // namespace vultus::transcription
