#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "api/write_tiny_person_testonly.h"
#include "vultus/vultus.hpp"

namespace {

using CppApi = WithTinyPerson;

TEST_F(CppApi, PushesAndPulls) {
    vultus::Person person(path_);
    EXPECT_EQ(person.info().size_px, 64);
    vultus::SessionOptions options;
    options.sample_rate_hz = 48000;
    vultus::Session session(person, options);
    std::vector<std::int16_t> sound(48000, 100);
    session.push(sound);
    session.end_speech();
    vultus::Frame frame;
    int count = 0;
    for (; session.pull(frame, VULTUS_MISSING_WAIT); ++count) EXPECT_EQ(frame.rgb.size(), 64u * 64 * 3);
    EXPECT_EQ(count, 25);
    EXPECT_TRUE(frame.sound.empty());
    session.interrupt();
    EXPECT_TRUE(session.pull(frame));
    EXPECT_EQ(frame.sound.size(), 640u);
}

TEST_F(CppApi, ThrowsWithStatusAndLine) {
    try {
        vultus::Person person("/nowhere.vultus");
        FAIL();
    } catch (const vultus::Error& error) {
        EXPECT_EQ(error.status(), VULTUS_ERROR_IO);
        EXPECT_NE(std::string(error.what()).find("/nowhere.vultus"), std::string::npos);
    }
}

TEST_F(CppApi, MovesAndOutlivesThePerson) {
    vultus::Person person(path_), other = std::move(person);
    vultus::Session session(other), second = std::move(session);
    other = vultus::Person(path_);
    vultus::Frame frame;
    EXPECT_TRUE(second.pull(frame));
    EXPECT_THROW(session.pull(frame), vultus::Error);
}

TEST_F(CppApi, SaysTexts) {
    vultus::Person person(path_);
    vultus::Session session(person);
    EXPECT_THROW(session.say(""), vultus::Error);
    EXPECT_THROW(session.say("Hello", "cmd:false"), vultus::Error);
#ifdef VULTUS_WITH_MEDIA
    const auto voices = vultus::voices();
    if (voices.empty()) GTEST_SKIP() << "no voice is installed";
    session.say("Hello there. [pause 200] How are you?", voices[0].name);
    vultus::Frame frame;
    int spoken = 0;
    while (session.pull(frame, VULTUS_MISSING_WAIT)) spoken += frame.speaking ? 1 : 0;
    EXPECT_GT(spoken, 25);
    const std::string out = path_ + ".say.mp4";
    EXPECT_GT(vultus::say(path_, "Hello there.", out), 10);
    EXPECT_THROW(vultus::say(path_, "Hello there.", out, "espeak/nobody"), vultus::Error);
    std::filesystem::remove(out);
#endif
}

TEST_F(CppApi, WhatTheCallbackThrowsArrives) {
    vultus::Person person(path_);
    vultus::Session session(person);
    int count = 0;
    EXPECT_THROW(session.run(VULTUS_MISSING_SILENCE,
                             [&](const vultus_frame& frame) -> bool {
                                 if (++count == 3) throw std::runtime_error("enough");
                                 return frame.rgb != nullptr;
                             }),
                 std::runtime_error);
    EXPECT_EQ(count, 3);
}

}  // namespace
