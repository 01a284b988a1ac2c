// Slow: what people bring. One recording in more than sixty codecs, rates, layouts and states of damage, made
// by the program ffmpeg, is heard as the plain WAV is.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/output_file.h"
#include "media/test_media.h"
#include "run_program_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;

struct Heard {
    double duration_s = 0;
    std::vector<std::string> visemes;  ///< every 10 ms
};

Heard heard_in(const std::string& file, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"phones", file, "-f", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const test::Finished end = test::run("vultus", arguments);
    Heard heard;
    EXPECT_EQ(end.exit_code, 0) << file << ": " << end.err;
    if (end.exit_code != 0) return heard;
    const auto json = nlohmann::json::parse(end.out);
    heard.duration_s = json["duration"];
    for (const auto& phone : json["phones"])
        while (0.01 * static_cast<double>(heard.visemes.size()) < phone["end"].get<double>())
            heard.visemes.push_back(phone["viseme"]);
    return heard;
}

/// The share of 10 ms parts with the same viseme, at the best of small shifts (codecs delay).
double agreement(const Heard& a, const Heard& b) {
    double best = 0;
    for (int shift = -4; shift <= 4; ++shift) {
        std::size_t same = 0, count = 0;
        for (std::size_t i = 0; i < a.visemes.size(); ++i) {
            const auto k = static_cast<std::ptrdiff_t>(i) + shift;
            if (k < 0 || k >= static_cast<std::ptrdiff_t>(b.visemes.size())) continue;
            ++count;
            same += a.visemes[i] == b.visemes[static_cast<std::size_t>(k)];
        }
        if (count > 0)
            best = std::max(best, static_cast<double>(same) / static_cast<double>(a.visemes.size()));
    }
    return best;
}

struct Made {
    const char *name, *options;  ///< of ffmpeg, after the input
    double alike = 0.9;          ///< least agreement with the plain WAV
    double within_s = 0.06;      ///< of its duration
};

const Made kSounds[] = {
    {"u8.wav", "-c:a pcm_u8", 0.75},
    {"s16.wav", "-c:a pcm_s16le"},
    {"s24.wav", "-c:a pcm_s24le"},
    {"s32.wav", "-c:a pcm_s32le"},
    {"f32.wav", "-c:a pcm_f32le"},
    {"f64.wav", "-c:a pcm_f64le"},
    {"alaw.wav", "-c:a pcm_alaw -ar 8000", 0.6},
    {"mulaw.wav", "-c:a pcm_mulaw -ar 8000", 0.6},
    {"adpcm_ms.wav", "-c:a adpcm_ms", 0.8, 0.2},
    {"adpcm_ima.wav", "-c:a adpcm_ima_wav", 0.8, 0.2},
    {"be.aiff", "-c:a pcm_s16be"},
    {"be.au", "-c:a pcm_s16be"},
    {"x.caf", "-c:a pcm_s16le"},
    {"x.w64", "-c:a pcm_s16le"},
    {"x.flac", "-c:a flac"},
    {"x.wv", "-c:a wavpack"},
    {"x.tta", "-c:a tta"},
    {"alac.m4a", "-c:a alac"},
    {"8000.wav", "-ar 8000", 0.6},
    {"11025.wav", "-ar 11025", 0.7},
    {"12000.wav", "-ar 12000", 0.75},
    {"16000.wav", "-ar 16000"},
    {"22050.wav", "-ar 22050"},
    {"24000.wav", "-ar 24000"},
    {"32000.wav", "-ar 32000"},
    {"44100.wav", "-ar 44100"},
    {"48000.wav", "-ar 48000"},
    {"88200.wav", "-ar 88200"},
    {"96000.wav", "-ar 96000"},
    {"192000.wav", "-ar 192000"},
    {"stereo.wav", "-ac 2"},
    {"quad.wav", "-ac 4", 0.8},
    {"5.1.wav", "-ac 6", 0.8},
    {"7.1.wav", "-ac 8", 0.8},
    {"left.wav", "-af pan=stereo|c0=c0", 0.8},
    {"right.wav", "-af pan=stereo|c1=c0", 0.8},
    {"quiet.wav", "-af volume=0.05", 0.75},
    {"loud.wav", "-af volume=3", 0.75},
    {"32k.mp3", "-c:a libmp3lame -b:a 32k", 0.7, 0.1},
    {"128k.mp3", "-c:a libmp3lame -b:a 128k", 0.8, 0.1},
    {"vbr.mp3", "-c:a libmp3lame -q:a 4", 0.8, 0.1},
    {"x.mp2", "-c:a mp2 -ar 48000", 0.8, 0.1},
    {"x.ac3", "-c:a ac3 -ar 48000", 0.8, 0.1},
    {"x.eac3", "-c:a eac3 -ar 48000", 0.8, 0.1},
    {"24k.m4a", "-c:a aac -b:a 24k", 0.7, 0.1},
    {"128k.m4a", "-c:a aac -b:a 128k", 0.8, 0.1},
    {"adts.aac", "-c:a aac -b:a 96k", 0.8, 0.15},
    {"x.ogg", "-c:a libvorbis", 0.8, 0.1},
    {"12k.opus", "-c:a libopus -b:a 12k", 0.6, 0.1},
    {"64k.opus", "-c:a libopus -b:a 64k", 0.8, 0.1},
    {"voip.opus", "-c:a libopus -application voip -b:a 24k", 0.7, 0.1},
    {"x.webm", "-c:a libopus", 0.8, 0.1},
    {"x.mka", "-c:a libvorbis", 0.8, 0.1},
    {"x.wma", "-c:a wmav2", 0.8, 0.2},
    {"x.spx", "-c:a libspeex -ar 16000", 0.6, 0.15},
    {"x.gsm", "-c:a libgsm -ar 8000 -ac 1", 0.5, 0.15},
    {"x.mov", "-c:a pcm_s16le"},
    {"x.avi", "-c:a pcm_s16le"},
    {"x.ts", "-c:a aac", 0.8, 0.15},
    {"x.flv", "-c:a aac", 0.8, 0.15},
    {"video.mp4", "-f lavfi -i color=c=gray:s=64x64:r=25 -shortest -c:v mpeg4 -c:a aac", 0.8, 0.2},
    {"video.mkv", "-f lavfi -i color=c=gray:s=64x64:r=30 -shortest -c:v mpeg4 -c:a flac", 0.8, 0.2},
    {"tracks.mka", "-f lavfi -i anullsrc=r=16000:cl=mono -shortest -map 1:a -map 0:a -c:a pcm_s16le", 0.9,
     0.2}};

class AnySound : public testing::Test {
  protected:
    void SetUp() override {
        if (std::system("ffmpeg -version > /dev/null 2>&1") != 0) GTEST_SKIP() << "needs the program ffmpeg";
        plain_ = heard_in(kSample);
        ASSERT_GT(plain_.visemes.size(), 500u);
    }
    std::string path(const std::string& name) const { return (scratch_ / name).string(); }
    bool make(const std::string& name, const std::string& options) const {
        const std::string command = "ffmpeg -v error -nostdin -y -i '" + kSample + "' " + quoted(options) +
                                    " '" + path(name) + "' 2>/dev/null";
        return std::system(command.c_str()) == 0 && fs::exists(path(name)) && fs::file_size(path(name)) > 100;
    }
    /// What a shell would take apart.
    static std::string quoted(std::string options) {
        for (std::size_t at = options.find('|'); at != std::string::npos; at = options.find('|', at + 2))
            options.insert(at, "\\");
        return options;
    }

    const std::string kSample = std::string(VULTUS_SOURCE_DIR) + "/samples/three-sentences.wav";
    media::test::Scratch scratch_;
    Heard plain_;
};

TEST_F(AnySound, IsHeardAsThePlainWav) {
    std::size_t made = 0;
    for (const Made& sound : kSounds) {
        if (!make(sound.name, sound.options)) {
            std::printf("%s: this ffmpeg cannot make it\n", sound.name);
            continue;
        }
        ++made;
        std::vector<std::string> more;
        const std::string name = sound.name;
        if (name == "left.wav" || name == "right.wav") more = {"--channel", name.substr(0, name.size() - 4)};
        if (name == "tracks.mka") more = {"--audio-track", "2"};
        const Heard heard = heard_in(path(name), more);
        EXPECT_NEAR(heard.duration_s, plain_.duration_s, sound.within_s) << name;
        EXPECT_GT(agreement(plain_, heard), sound.alike) << name;
        fs::remove(path(name));
    }
    EXPECT_GE(made, 55u);
}

/// Bytes changed or missing: it is heard as far as it goes, or one line says what is wrong; nothing crashes.
TEST_F(AnySound, DamageIsHeardOrSaid) {
    for (const char* name : {"a.wav", "a.mp3", "a.flac", "a.ogg", "a.opus", "a.m4a", "a.mkv", "a.ts"}) {
        if (!make(name, "")) continue;
        const std::string whole = read_file(path(name));
        for (int kind = 0; kind < 4; ++kind) {
            std::string bytes = whole;
            if (kind == 0) bytes.resize(bytes.size() / 2);
            if (kind == 1) bytes.resize(100);
            if (kind >= 2)
                for (std::size_t at = 2000 + static_cast<std::size_t>(kind); at < bytes.size(); at += 3001)
                    bytes[at] ^= 0x55;
            if (kind == 3) bytes.erase(3000, 5000);
            const std::string damaged =
                path(std::string("damaged") + std::to_string(kind) + fs::path(name).extension().string());
            write_file(damaged, bytes);
            const test::Finished end = test::run("vultus", {"phones", damaged, "-f", "json"});
            EXPECT_TRUE(end.exit_code == 0 || (end.exit_code == 1 && end.complaints().size() == 1))
                << damaged << ": " << end.exit_code << " " << end.err;
            if (end.exit_code != 0) continue;
            const double duration_s = nlohmann::json::parse(end.out)["duration"];
            EXPECT_LT(duration_s, plain_.duration_s + 1) << damaged;
            if (kind == 0) EXPECT_GT(duration_s, 0.2 * plain_.duration_s) << damaged;
        }
    }
}

}  // namespace
}  // namespace vultus
