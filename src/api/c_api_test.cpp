// The library as a C program sees it: what it does, and what it does with nonsense.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "api/write_tiny_person_testonly.h"
#include "base/output_file.h"
#include "tensor/archive.h"
#include "vultus/vultus.h"

namespace {

class CApi : public WithTinyPerson {
  protected:
    void SetUp() override { ASSERT_EQ(vultus_person_open(path_.c_str(), nullptr, &person_), VULTUS_OK); }
    void TearDown() override { EXPECT_EQ(vultus_person_close(person_), VULTUS_OK); }

    vultus_session* open_session() {
        vultus_session* session = nullptr;
        EXPECT_EQ(vultus_session_open(person_, nullptr, &session), VULTUS_OK) << vultus_last_error();
        return session;
    }
    /// Frame with buffers of the tiny person's size.
    vultus_frame frame() {
        vultus_frame frame;
        vultus_frame_init(&frame);
        frame.rgb = rgb_.data();
        frame.rgb_capacity = rgb_.size();
        frame.sound = sound_.data();
        frame.sound_capacity = sound_.size();
        return frame;
    }
    static std::vector<float> tone(std::size_t count) {
        std::vector<float> sound(count);
        for (std::size_t i = 0; i < count; ++i) sound[i] = 0.3f * std::sin(0.05f * static_cast<float>(i));
        return sound;
    }

    vultus_person* person_ = nullptr;
    std::vector<std::uint8_t> rgb_ = std::vector<std::uint8_t>(64 * 64 * 3);
    std::vector<float> sound_ = std::vector<float>(640);
};

TEST_F(CApi, TellsWhoThePersonIs) {
    vultus_person_info info;
    vultus_person_info_init(&info);
    ASSERT_EQ(vultus_person_get_info(person_, &info), VULTUS_OK);
    EXPECT_EQ(info.size_px, 64);
    EXPECT_EQ(info.fps_num, 25);
    EXPECT_EQ(info.fps_den, 1);
    EXPECT_EQ(info.rgb_bytes, 64u * 64 * 3);
    EXPECT_EQ(info.most_sound_samples, 640u);
    EXPECT_STREQ(info.name, "Nobody");
    EXPECT_STREQ(info.licence, "CC0");
    EXPECT_EQ(std::strncmp(info.runtime, "oneDNN", 6), 0);
    EXPECT_EQ(info.can_speak, 1);
}

TEST_F(CApi, PullsWhatWasPushed) {
    vultus_session* session = open_session();
    const std::vector<float> sound = tone(16000);
    vultus_frame got = frame();
    EXPECT_EQ(vultus_session_pull(session, VULTUS_MISSING_WAIT, &got), VULTUS_NO_FRAME);
    for (std::size_t at = 0; at < sound.size(); at += 1000)
        ASSERT_EQ(vultus_session_push_f32(session, &sound[at], 1000), VULTUS_OK);
    ASSERT_EQ(vultus_session_end_speech(session), VULTUS_OK);
    std::vector<float> heard;
    int count = 0;
    for (; vultus_session_pull(session, VULTUS_MISSING_WAIT, &got) == VULTUS_OK; ++count) {
        EXPECT_EQ(got.index, count);
        EXPECT_EQ(got.sample, 640 * count);
        EXPECT_EQ(got.speaking, 1);
        heard.insert(heard.end(), sound_.begin(),
                     sound_.begin() + static_cast<std::ptrdiff_t>(got.num_sound));
    }
    EXPECT_EQ(count, 25);
    EXPECT_EQ(heard, sound);
    ASSERT_EQ(vultus_session_pull(session, VULTUS_MISSING_SILENCE, &got), VULTUS_OK);
    EXPECT_EQ(got.speaking, 0);
    EXPECT_EQ(vultus_session_close(session), VULTUS_OK);
}

TEST_F(CApi, TheCallbackFormGivesTheSamePictures) {
    const std::vector<float> sound = tone(8000);
    std::vector<std::vector<std::uint8_t>> pulled, called;
    vultus_session *first = open_session(), *second = open_session();
    for (vultus_session* session : {first, second}) {
        vultus_session_push_f32(session, sound.data(), sound.size());
        vultus_session_end_speech(session);
    }
    for (vultus_frame got = frame(); vultus_session_pull(first, VULTUS_MISSING_WAIT, &got) == VULTUS_OK;)
        pulled.push_back(rgb_);
    const auto keep = [](void* user, const vultus_frame* got) {
        static_cast<decltype(called)*>(user)->emplace_back(got->rgb, got->rgb + got->rgb_capacity);
        return 0;
    };
    EXPECT_EQ(vultus_session_run(second, VULTUS_MISSING_WAIT, keep, &called), VULTUS_OK);
    EXPECT_EQ(called.size(), 13u);
    EXPECT_EQ(called, pulled);
    int count = 0;
    const auto three = [](void* user, const vultus_frame*) {
        return ++*static_cast<int*>(user) == 3 ? 1 : 0;
    };
    EXPECT_EQ(vultus_session_run(second, VULTUS_MISSING_SILENCE, three, &count), VULTUS_OK);
    EXPECT_EQ(count, 3);
    vultus_session_close(first);
    vultus_session_close(second);
}

/// The frames that a second of tone makes with these options.
std::vector<std::vector<std::uint8_t>> frames_with(vultus_person* person,
                                                   const vultus_session_options& options,
                                                   const std::vector<float>& sound) {
    std::vector<std::vector<std::uint8_t>> frames;
    vultus_session* session = nullptr;
    EXPECT_EQ(vultus_session_open(person, &options, &session), VULTUS_OK) << vultus_last_error();
    EXPECT_EQ(vultus_session_push_f32(session, sound.data(), sound.size()), VULTUS_OK);
    vultus_session_end_speech(session);
    vultus_session_run(
        session, VULTUS_MISSING_WAIT,
        [](void* to, const vultus_frame* got) {
            static_cast<decltype(frames)*>(to)->emplace_back(got->rgb, got->rgb + got->rgb_capacity);
            return 0;
        },
        &frames);
    vultus_session_close(session);
    return frames;
}

TEST_F(CApi, SessionsMarkTheirPicturesWhenAsked) {
    vultus_session_options options;
    vultus_session_options_init(&options);
    const std::vector<float> sound = tone(16000);
    const auto plain = frames_with(person_, options, sound);
    options.mark = 1;
    const auto marked = frames_with(person_, options, sound);
    ASSERT_EQ(marked.size(), plain.size());
    for (std::size_t t = 0; t < plain.size(); ++t) {
        EXPECT_NE(marked[t], plain[t]);
        for (std::size_t i = 0; i < plain[t].size(); ++i) ASSERT_LE(std::abs(marked[t][i] - plain[t][i]), 16);
    }
    EXPECT_EQ(frames_with(person_, options, sound), marked);
}

TEST_F(CApi, TheHeadGoesWhereTheCallerSays) {
    vultus_session_options options;
    vultus_session_options_init(&options);
    const std::vector<float> sound = tone(16000), zeros(75), one_row = {0, 0, 0};
    options.head = VULTUS_HEAD_STILL;
    const auto still = frames_with(person_, options, sound);
    ASSERT_EQ(still.size(), 25u);
    // The tiny person's mean pose is 0: a track of zeros is a head that stays there.
    options.head = VULTUS_HEAD_MODEL;
    options.pose_deg = zeros.data();
    options.num_poses = 25;
    EXPECT_EQ(frames_with(person_, options, sound), still);
    options.pose_deg = one_row.data();
    options.num_poses = 1;
    EXPECT_EQ(frames_with(person_, options, sound), still);
    std::vector<float> turned(75, 0.0f);
    for (std::size_t row = 10; row < 25; ++row) turned[3 * row] = 8;
    options.pose_deg = turned.data();
    options.num_poses = 25;
    const auto moved = frames_with(person_, options, sound);
    ASSERT_EQ(moved.size(), 25u);
    EXPECT_TRUE(std::equal(moved.begin(), moved.begin() + 10, still.begin()));
    EXPECT_NE(moved[20], still[20]);

    vultus_session* session = nullptr;
    options.num_poses = 0;
    EXPECT_EQ(vultus_session_open(person_, &options, &session), VULTUS_ERROR_INVALID_ARGUMENT);
    options.num_poses = SIZE_MAX;
    EXPECT_EQ(vultus_session_open(person_, &options, &session), VULTUS_ERROR_INVALID_ARGUMENT);
    options.num_poses = 25;
    turned[40] = std::numeric_limits<float>::infinity();
    EXPECT_EQ(vultus_session_open(person_, &options, &session), VULTUS_ERROR_INVALID_ARGUMENT);
    options.pose_deg = nullptr;
    EXPECT_EQ(vultus_session_open(person_, &options, &session), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(session, nullptr);
}

TEST_F(CApi, NonsenseGetsAStatusAndALine) {
    vultus_session* session = open_session();
    vultus_frame got = frame();
    const float nan = std::numeric_limits<float>::quiet_NaN(),
                infinite = std::numeric_limits<float>::infinity();
    EXPECT_EQ(vultus_session_push_f32(session, &nan, 1), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_NE(std::string(vultus_last_error()).find("finite"), std::string::npos);
    EXPECT_EQ(vultus_session_push_f32(session, &infinite, 1), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_session_push_f32(session, nullptr, 5), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_session_push_f32(session, nullptr, 0), VULTUS_OK);
    EXPECT_EQ(vultus_session_push_s16(session, nullptr, SIZE_MAX), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_session_push_f32(session, &nan, SIZE_MAX / 2), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_session_pull(session, 7, &got), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_session_pull(session, VULTUS_MISSING_WAIT, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    got.rgb_capacity -= 1;
    EXPECT_EQ(vultus_session_pull(session, VULTUS_MISSING_SILENCE, &got), VULTUS_ERROR_INVALID_ARGUMENT);
    got = frame();
    got.sound_capacity = 639;
    EXPECT_EQ(vultus_session_pull(session, VULTUS_MISSING_SILENCE, &got), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_session_run(session, VULTUS_MISSING_WAIT, nullptr, nullptr),
              VULTUS_ERROR_INVALID_ARGUMENT);
    got = frame();  // nothing of all that has cost a frame
    ASSERT_EQ(vultus_session_pull(session, VULTUS_MISSING_SILENCE, &got), VULTUS_OK);
    EXPECT_EQ(got.index, 0);
    vultus_session_close(session);

    vultus_session_options options;
    vultus_session_options_init(&options);
    const auto refused = [&] {
        vultus_session* none = nullptr;
        const vultus_status status = vultus_session_open(person_, &options, &none);
        EXPECT_EQ(none, nullptr);
        vultus_session_options_init(&options);
        return status;
    };
    options.sample_rate_hz = 44;
    EXPECT_EQ(refused(), VULTUS_ERROR_INVALID_ARGUMENT);
    options.look_ahead_frames = 1000;
    EXPECT_EQ(refused(), VULTUS_ERROR_INVALID_ARGUMENT);
    options.head = 9;
    EXPECT_EQ(refused(), VULTUS_ERROR_INVALID_ARGUMENT);
    options.head_scale = nan;
    EXPECT_EQ(refused(), VULTUS_ERROR_INVALID_ARGUMENT);
    options.struct_size = 4;
    EXPECT_EQ(refused(), VULTUS_ERROR_INVALID_ARGUMENT);
}

TEST_F(CApi, WrongHandlesGetTheirOwnStatus) {
    vultus_session* session = open_session();
    vultus_frame got = frame();
    const float zero = 0;
    EXPECT_EQ(vultus_session_close(session), VULTUS_OK);
    vultus_session* const wrong[] = {nullptr, session, reinterpret_cast<vultus_session*>(person_),
                                     reinterpret_cast<vultus_session*>(&got)};
    for (vultus_session* handle : wrong) {
        EXPECT_EQ(vultus_session_push_f32(handle, &zero, 1), VULTUS_ERROR_HANDLE);
        EXPECT_EQ(vultus_session_pull(handle, VULTUS_MISSING_SILENCE, &got), VULTUS_ERROR_HANDLE);
        EXPECT_EQ(vultus_session_end_speech(handle), VULTUS_ERROR_HANDLE);
        EXPECT_EQ(vultus_session_interrupt(handle), VULTUS_ERROR_HANDLE);
    }
    EXPECT_EQ(vultus_session_close(session), VULTUS_ERROR_HANDLE);
    EXPECT_EQ(vultus_session_close(nullptr), VULTUS_OK);
    EXPECT_EQ(vultus_person_get_info(nullptr, nullptr), VULTUS_ERROR_HANDLE);
    EXPECT_EQ(vultus_session_open(nullptr, nullptr, &session), VULTUS_ERROR_HANDLE);
}

TEST_F(CApi, StructsOfOtherVersions) {
    struct {
        vultus_session_options options;
        std::int64_t later;
    } newer{};
    vultus_session_options_init(&newer.options);
    newer.options.struct_size = sizeof newer;
    vultus_session* session = nullptr;
    EXPECT_EQ(vultus_session_open(person_, &newer.options, &session), VULTUS_OK);
    vultus_session_close(session);
    newer.later = 3;  // set, and unknown here
    EXPECT_EQ(vultus_session_open(person_, &newer.options, &session), VULTUS_ERROR_UNSUPPORTED);
    newer.options.struct_size = SIZE_MAX;
    EXPECT_EQ(vultus_session_open(person_, &newer.options, &session), VULTUS_ERROR_INVALID_ARGUMENT);
    vultus_person_info info;
    vultus_person_info_init(&info);
    info.struct_size -= 1;
    EXPECT_EQ(vultus_person_get_info(person_, &info), VULTUS_ERROR_INVALID_ARGUMENT);
}

TEST_F(CApi, FilesThatAreNoPersons) {
    vultus_person* person = nullptr;
    EXPECT_EQ(vultus_person_open("/nowhere/nobody.vultus", nullptr, &person), VULTUS_ERROR_IO);
    EXPECT_EQ(vultus_person_open(nullptr, nullptr, &person), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_person_open(path_.c_str(), nullptr, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    vultus::Archive archive = vultus::load_archive(path_);
    archive.metadata["version"] = "99";
    const std::string newer = (folder_ / "newer.vultus").string();
    vultus::save_archive(newer, archive);
    EXPECT_EQ(vultus_person_open(newer.c_str(), nullptr, &person), VULTUS_ERROR_UNSUPPORTED);
    EXPECT_NE(std::string(vultus_last_error()).find("99"), std::string::npos) << vultus_last_error();
    const std::string cut = (folder_ / "cut.vultus").string(), bytes = vultus::read_file(path_);
    vultus::write_file(cut, bytes.substr(0, bytes.size() / 2));
    EXPECT_EQ(vultus_person_open(cut.c_str(), nullptr, &person), VULTUS_ERROR_CORRUPT_DATA);
    EXPECT_EQ(person, nullptr);
    vultus_person_options options;
    vultus_person_options_init(&options);
    options.steps = -3;
    EXPECT_EQ(vultus_person_open(path_.c_str(), &options, &person), VULTUS_ERROR_INVALID_ARGUMENT);
}

TEST_F(CApi, ClosedWhileAnotherThreadPulls) {
    for (int round = 0; round < 5; ++round) {
        vultus_session* session = open_session();
        std::atomic<int> frames{0};
        vultus_status status = VULTUS_OK;
        std::thread puller([&] {
            std::vector<std::uint8_t> rgb(rgb_.size());
            vultus_frame got;
            vultus_frame_init(&got);
            got.rgb = rgb.data();
            got.rgb_capacity = rgb.size();
            while ((status = vultus_session_pull(session, VULTUS_MISSING_SILENCE, &got)) == VULTUS_OK)
                ++frames;
        });
        while (frames < 2) std::this_thread::yield();
        EXPECT_EQ(vultus_session_close(session), VULTUS_OK);
        puller.join();
        EXPECT_TRUE(status == VULTUS_ERROR_CANCELLED || status == VULTUS_ERROR_HANDLE) << status;
    }
}

TEST_F(CApi, AClosedPersonLivesOnInItsSessions) {
    vultus_session* session = open_session();
    vultus_person_close(person_);
    vultus_frame got = frame();
    EXPECT_EQ(vultus_session_pull(session, VULTUS_MISSING_SILENCE, &got), VULTUS_OK);
    vultus_session_close(session);
    EXPECT_EQ(vultus_person_close(person_), VULTUS_ERROR_HANDLE);
    person_ = nullptr;
}

TEST_F(CApi, TwoThreadsPushAndPull) {
    vultus_session* session = open_session();
    const std::vector<float> sound = tone(1000);
    std::thread pusher([&] {
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(vultus_session_push_f32(session, sound.data(), 1000), VULTUS_OK);
            if (i % 30 == 29) {
                EXPECT_EQ(vultus_session_interrupt(session), VULTUS_OK);
            }
        }
    });
    vultus_frame got;
    vultus_frame_init(&got);
    for (int i = 0; i < 60; ++i)
        EXPECT_EQ(vultus_session_pull(session, VULTUS_MISSING_SILENCE, &got), VULTUS_OK);
    pusher.join();
    vultus_session_close(session);
}

TEST_F(CApi, LogsWhatItOpensAndWhatFails) {
    std::vector<std::string> lines;
    vultus_set_log([](void* user, vultus_log_level,
                      const char* line) { static_cast<std::vector<std::string>*>(user)->push_back(line); },
                   &lines);
    vultus_person* second = nullptr;
    EXPECT_EQ(vultus_person_open(path_.c_str(), nullptr, &second), VULTUS_OK);
    EXPECT_EQ(vultus_session_interrupt(nullptr), VULTUS_ERROR_HANDLE);
    vultus_set_log(nullptr, nullptr);
    vultus_session_interrupt(nullptr);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_NE(lines[0].find("oneDNN"), std::string::npos);
    EXPECT_EQ(lines[1], vultus_last_error());
    vultus_person_close(second);
}

}  // namespace
