// From file to file through the C API, and what the files say of where they come from.
#ifdef VULTUS_WITH_MEDIA

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "api/write_tiny_person_testonly.h"
#include "base/output_file.h"
#include "vultus/vultus.h"

namespace {

namespace fs = std::filesystem;

class TalkApi : public WithTinyPerson {
  protected:
    /// The tiny person saying what is in a file; the paths must outlive what is returned.
    static vultus_talk_options says(const std::string& speech, const std::string& out) {
        vultus_talk_options options;
        vultus_talk_options_init(&options);
        options.person = path_.c_str();
        options.speech = speech.c_str();
        options.out = out.c_str();
        return options;
    }
};

/// Mono 16-bit WAV.
std::string wav(std::size_t samples) {
    const auto u32 = [](std::size_t value) {
        std::string bytes;
        for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 255);
        return bytes;
    };
    std::string data(2 * samples, '\0');
    for (std::size_t i = 0; i < samples; ++i) data[2 * i + 1] = static_cast<char>(i / 40 % 2 ? 10 : -10);
    return "RIFF" + u32(36 + data.size()) + "WAVEfmt " + u32(16) + std::string("\1\0\1\0", 4) + u32(16000) +
           u32(32000) + std::string("\2\0\20\0", 4) + "data" + u32(data.size()) + data;
}

/// Width and height of the pictures in an MP4, from its sample entry.
std::pair<int, int> picture_size(const std::string& path) {
    const std::string bytes = vultus::read_file(path, 1 << 24);
    std::size_t at = bytes.find("avc1");
    while (at != std::string::npos && bytes.compare(at + 4, 6, std::string(6, '\0')) != 0)
        at = bytes.find("avc1", at + 1);
    if (at == std::string::npos) at = bytes.find("mp4v");
    if (at == std::string::npos || at + 32 > bytes.size()) return {};
    const auto number = [&](std::size_t place) {
        return static_cast<unsigned char>(bytes[place]) * 256 + static_cast<unsigned char>(bytes[place + 1]);
    };
    return {number(at + 28), number(at + 30)};
}

TEST_F(TalkApi, TalksInAnotherSizeAndIntoARecording) {
    const std::string speech = (folder_ / "speech.wav").string(), own = (folder_ / "own.mp4").string(),
                      out = (folder_ / "out.mp4").string();
    vultus::write_file(speech, wav(4000));
    vultus_talk_options options = says(speech, own);
    ASSERT_EQ(vultus_talk(&options, nullptr), VULTUS_OK) << vultus_last_error();
    EXPECT_EQ(picture_size(own), (std::pair{64, 64}));
    options.out = out.c_str();
    options.size_px = 32;
    ASSERT_EQ(vultus_talk(&options, nullptr), VULTUS_OK) << vultus_last_error();
    EXPECT_EQ(picture_size(out), (std::pair{32, 32}));
    options.into = own.c_str();
    EXPECT_EQ(vultus_talk(&options, nullptr), VULTUS_ERROR_INVALID_ARGUMENT)
        << "the recording has a size of its own";
    options.size_px = 0;
    ASSERT_EQ(vultus_talk(&options, nullptr), VULTUS_OK) << vultus_last_error();
    EXPECT_EQ(picture_size(out), (std::pair{64, 64}));
    options.out = own.c_str();
    EXPECT_EQ(vultus_talk(&options, nullptr), VULTUS_ERROR_INVALID_ARGUMENT)
        << "it would write over what it reads";
    options.into = nullptr;
    options.out = out.c_str();
    options.audio_track = 2;
    EXPECT_NE(vultus_talk(&options, nullptr), VULTUS_OK) << "there is one sound";
    EXPECT_NE(std::string(vultus_last_error()).find("track"), std::string::npos) << vultus_last_error();
}

TEST_F(TalkApi, TalksFromFileToFile) {
    const std::string speech = (folder_ / "speech.wav").string(), out = (folder_ / "out.mp4").string();
    vultus::write_file(speech, wav(16000));
    vultus_talk_options options;
    vultus_talk_options_init(&options);
    EXPECT_EQ(vultus_talk(&options, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    options.person = path_.c_str();
    options.speech = speech.c_str();
    options.out = "-";  // the library writes nothing to the program's output
    EXPECT_EQ(vultus_talk(&options, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    options.out = out.c_str();
    struct State {
        std::int64_t progress = 0;
        int polls = 0, stop_at = 1 << 30;
    } state;
    options.user = &state;
    options.progress = [](void* user, int64_t done) { static_cast<State*>(user)->progress = done; };
    options.cancel = [](void* user) {
        State& me = *static_cast<State*>(user);
        return ++me.polls >= me.stop_at ? 1 : 0;
    };
    std::int64_t frames = 0;
    ASSERT_EQ(vultus_talk(&options, &frames), VULTUS_OK) << vultus_last_error();
    EXPECT_EQ(frames, 25);
    EXPECT_EQ(state.progress, 25);
    EXPECT_TRUE(fs::exists(out));
    fs::remove(out);
    state.polls = 0;
    state.stop_at = 10;
    EXPECT_EQ(vultus_talk(&options, &frames), VULTUS_ERROR_CANCELLED);
    EXPECT_FALSE(fs::exists(out));
    for (const auto& entry : fs::directory_iterator(folder_))
        EXPECT_EQ(entry.path().string().find("partial"), std::string::npos) << entry.path();
}

TEST_F(TalkApi, VerifiesWhatItDraws) {
    const std::string speech = (folder_ / "speech.wav").string(), out = (folder_ / "out.mp4").string();
    vultus::write_file(speech, wav(16000));
    vultus_talk_options options = says(speech, out);
    options.no_mark = 1;  // the file is ours
    ASSERT_EQ(vultus_talk(&options, nullptr), VULTUS_OK) << vultus_last_error();
    vultus_origin origin;
    vultus_origin_init(&origin);
    ASSERT_EQ(vultus_verify(out.c_str(), &origin), VULTUS_OK) << vultus_last_error();
    EXPECT_EQ(origin.says_synthetic, 1);
    EXPECT_EQ(origin.marked, 0);
    EXPECT_DOUBLE_EQ(origin.seconds, 1);
    EXPECT_STREQ(origin.person_file, fs::path(path_).filename().c_str());
    EXPECT_EQ(vultus_verify(speech.c_str(), &origin), VULTUS_ERROR_CORRUPT_DATA);
    EXPECT_EQ(vultus_verify((folder_ / "absent").c_str(), &origin), VULTUS_ERROR_IO);
    EXPECT_EQ(vultus_verify(nullptr, &origin), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_verify(out.c_str(), nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
}

}  // namespace

#endif
