#include "corpus/speech_corpus.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"

namespace vultus::corpus {
namespace {

SpeechClip clip(const std::string& name, std::int64_t length) {
    SpeechClip made;
    made.name = name;
    made.voice = "flite/slt";
    made.language = "en";
    made.text = "say \"ä\"";
    made.validation = name == "b";
    made.phones = {{0, 10, 0}, {10, length, -1}};
    return made;
}

/// Two clips of 100 and 50 samples in `folder`.
void write_two(const std::filesystem::path& folder) {
    SpeechCorpusWriter writer(folder);
    writer.add(clip("a", 100), std::vector<float>(100, 0.25f));
    writer.add(clip("b", 50), std::vector<float>(50, -2.0f));
    writer.finish();
}

void replace_in(const std::filesystem::path& file, const std::string& from, const std::string& to) {
    std::string text = read_file(file);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(file) << text;
}

TEST(SpeechCorpus, ComesBackAsItWasWritten) {
    const ScratchFolder scratch("speech-corpus");
    write_two(scratch / "c");
    const SpeechCorpus corpus = SpeechCorpus::open(scratch / "c");
    ASSERT_EQ(corpus.clips().size(), 2u);
    EXPECT_EQ(corpus.clips()[0].text, "say \"ä\"");
    EXPECT_EQ(corpus.clips()[1].phones, clip("b", 50).phones);
    EXPECT_EQ(corpus.clips()[1].offset_samples, 100);
    EXPECT_TRUE(corpus.clips()[1].validation);
    EXPECT_EQ(corpus.audio(0), std::vector<float>(100, 0.25f));
    EXPECT_EQ(corpus.audio(1), std::vector<float>(50, -1.0f));
    EXPECT_THROW(corpus.audio(2), Error);
}

TEST(SpeechCorpus, UnfinishedLeavesNothingBehind) {
    const ScratchFolder scratch("speech-unfinished");
    { SpeechCorpusWriter(scratch / "c").add(clip("a", 100), std::vector<float>(100)); }
    EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
    write_two(scratch / "c");
    EXPECT_THROW(SpeechCorpusWriter(scratch / "c"), Error);
}

TEST(SpeechCorpus, RefusesPhonesThatDoNotCover) {
    const ScratchFolder scratch("speech-cover");
    SpeechCorpusWriter writer(scratch / "c");
    EXPECT_THROW(writer.add(clip("a", 99), std::vector<float>(100)), Error);
    SpeechClip gap = clip("b", 100);
    gap.phones[1].begin_sample = 11;
    EXPECT_THROW(writer.add(gap, std::vector<float>(100)), Error);
}

TEST(SpeechCorpus, DamageIsNamed) {
    const ScratchFolder scratch("speech-damage");
    const std::pair<const char*, const char*> damages[] = {
        {"\"version\":1", "\"version\":2"},
        {"16000", "8000"},
        {"\"samples\":50", "\"samples\":51"},
        {"\"offset_samples\":100", "\"offset_samples\":-1"},
        {"\"offset_samples\":100", "\"offset_samples\":9223372036854775807"},
        {"[0,10,0]", "[0,10,40]"},
        {"[0,10,0]", "[0,10]"},
        {"\"b\"", "\"a\""},
        {"\"clips\"", "\"clops\""},
        {"{", "["}};
    for (const auto& [from, to] : damages) {
        std::filesystem::remove_all(scratch / "c");
        write_two(scratch / "c");
        replace_in(scratch / "c" / "speech.json", from, to);
        EXPECT_THROW(SpeechCorpus::open(scratch / "c"), Error) << to;
    }
    std::filesystem::remove_all(scratch / "c");
    write_two(scratch / "c");
    std::filesystem::resize_file(scratch / "c" / "sound.s16", 299);
    EXPECT_THROW(SpeechCorpus::open(scratch / "c"), Error);
    EXPECT_THROW(SpeechCorpus::open(scratch / "none"), Error);
}

}  // namespace
}  // namespace vultus::corpus
