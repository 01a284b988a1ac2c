// Listeners as a C and a C++ program see them: real speech, its text, and nonsense.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/output_file.h"
#include "vultus/vultus.hpp"

namespace {

const std::string kEncoder = std::string(VULTUS_SOURCE_DIR) + "/models/speech-small.safetensors";

/// The first sentence of the sample: 16-bit samples after a header of 44 bytes.
std::vector<float> speech(std::size_t most_samples) {
    const std::string bytes =
        vultus::read_file(std::string(VULTUS_SOURCE_DIR) + "/samples/three-sentences.wav");
    std::vector<float> sound(std::min((bytes.size() - 44) / 2, most_samples));
    for (std::size_t i = 0; i < sound.size(); ++i) {
        std::int16_t sample;
        std::memcpy(&sample, &bytes[44 + 2 * i], 2);
        sound[i] = static_cast<float>(sample) / 32768;
    }
    return sound;
}

vultus::ListenerOptions bundled() {
    vultus::ListenerOptions options;
    options.encoder = kEncoder.c_str();
    return options;
}

TEST(Listener, HearsPhonesFromBeginningToEnd) {
    const vultus::Listener listener(bundled());
    const std::vector<float> sound = speech(48000);
    const vultus::Times times = listener.hear(sound);
    ASSERT_GT(times.phones().size(), 10u);
    EXPECT_EQ(times.phones().front().start_s, 0);
    EXPECT_EQ(times.phones().back().end_s, 3);
    for (std::size_t i = 1; i < times.phones().size(); ++i)
        EXPECT_EQ(times.phones()[i].start_s, times.phones()[i - 1].end_s);
    EXPECT_TRUE(times.words().empty());
    ASSERT_GT(times.mouth_shapes().size(), 5u);
    EXPECT_NEAR(times.mouth_shapes().back().end_s, 3, 0.011);

    // The files say the same.
    std::string tsv = "start\tend\tphone\tviseme\tword\n";
    for (const vultus_phone& phone : times.phones()) {
        char line[100];
        std::snprintf(line, sizeof line, "%.3f\t%.3f\t%s\t%s\t\n", phone.start_s, phone.end_s,
                      vultus_phone_name(phone.phone), vultus_viseme_name(phone.viseme));
        tsv += line;
    }
    EXPECT_EQ(times.file("tsv"), tsv);
    std::string rhubarb;
    for (const vultus_mouth_shape& shape : times.mouth_shapes()) {
        char line[40];
        std::snprintf(line, sizeof line, "%.2f\t%c\n", shape.start_s, shape.shape);
        rhubarb += line;
    }
    EXPECT_EQ(times.file("rhubarb-tsv").substr(0, rhubarb.size()), rhubarb);
    EXPECT_EQ(times.file("tsv"), tsv) << "again";
    for (const char* format : {"text", "json", "textgrid", "rhubarb-xml", "rhubarb-json", "dat"})
        EXPECT_FALSE(times.file(format).empty()) << format;
}

TEST(Listener, AnotherRateAndOtherThreadsHearTheSame) {
    const vultus::Listener listener(bundled());
    const std::vector<float> sound = speech(32000);
    std::vector<float> slow(2 * sound.size());  // 32 kHz, by lines between the samples
    for (std::size_t i = 0; i < sound.size(); ++i) {
        slow[2 * i] = sound[i];
        slow[2 * i + 1] = (sound[i] + sound[std::min(i + 1, sound.size() - 1)]) / 2;
    }
    const std::string whole = listener.hear(sound).file("tsv");
    vultus::HearOptions options;
    options.sample_rate_hz = 32000;
    const vultus::Times resampled = listener.hear(slow, options);
    EXPECT_EQ(resampled.phones().back().end_s, 2);
    EXPECT_NEAR(static_cast<double>(resampled.phones().size()),
                static_cast<double>(listener.hear(sound).phones().size()), 3);
    std::vector<std::string> heard(3);
    std::vector<std::thread> threads;
    for (std::string& tsv : heard) threads.emplace_back([&] { tsv = listener.hear(sound).file("tsv"); });
    for (std::thread& thread : threads) thread.join();
    for (const std::string& tsv : heard) EXPECT_EQ(tsv, whole);
}

TEST(Listener, FindsTheWordsOfAText) {
    const std::string dictionary = testing::TempDir() + "/listener-test.dict";
    vultus::write_file(dictionary,
                       "bin B IH N\ngreen G R IY N\nwith W IH DH\no OW\ntwo T UW\nnow N AW\nfish F IH SH\n");
    vultus::ListenerOptions options = bundled();
    options.dictionary = dictionary.c_str();
    const vultus::Listener listener(options);
    const std::vector<float> sound = speech(48000);
    vultus::HearOptions how;
    how.text = "Bin green with O two now.";
    const vultus::Times times = listener.hear(sound, how);
    std::string said;
    double end_s = 0;
    for (const vultus_word& word : times.words()) {
        said += std::string(word.text) + " ";
        EXPECT_GE(word.start_s, end_s);
        EXPECT_GT(word.end_s, word.start_s);
        end_s = word.end_s;
    }
    EXPECT_EQ(said, "Bin green with O two now ");
    EXPECT_EQ(times.language(), "en");
    EXPECT_TRUE(times.gaps().empty());
    EXPECT_TRUE(times.unsaid().empty());

    how.text = "green fish with";
    const vultus::Times hinted = listener.hear(sound, how);
    ASSERT_EQ(hinted.words().size(), 2u);
    ASSERT_EQ(hinted.unsaid().size(), 1u);
    EXPECT_STREQ(hinted.unsaid()[0].text, "fish");
    EXPECT_EQ(hinted.unsaid()[0].begin_char, 6u);
    EXPECT_GE(hinted.gaps().size(), 1u);
    how.exact = 1;
    EXPECT_THROW(listener.hear(sound, how), vultus::Error);
    how.exact = 2;
    EXPECT_THROW(listener.hear(sound, how), vultus::Error);
    how.exact = 0;
    how.language = "german";
    EXPECT_THROW(listener.hear(sound, how), vultus::Error);
    how.language = "en-US";
    how.text = "fish fish fish fish fish fish";
    try {
        listener.hear(sound, how);
        FAIL();
    } catch (const vultus::Error& error) {
        EXPECT_EQ(error.status(), VULTUS_ERROR_INVALID_ARGUMENT);
        EXPECT_NE(std::string(error.what()).find("none is said"), std::string::npos) << error.what();
    }
    std::filesystem::remove(dictionary);
}

TEST(Listener, TimesThatAreGiven) {
    const std::string file = testing::TempDir() + "/listener-given.json";
    vultus::write_file(file, R"([{"phone":"P","start":0.1,"end":0.2},{"phone":"AA","start":0.2,"end":0.5}])");
    const vultus::Times phones = vultus::read_times(file);
    ASSERT_EQ(phones.phones().size(), 3u);
    EXPECT_STREQ(vultus_viseme_name(phones.phones()[1].viseme), "PP");
    EXPECT_EQ(phones.phones()[2].end_s, 0.5);
    EXPECT_FALSE(phones.mouth_shapes().empty());

    const std::string dictionary = testing::TempDir() + "/listener-given.dict";
    vultus::write_file(dictionary, "bin B IH N\ngreen G R IY N\n");
    vultus::ListenerOptions options = bundled();
    options.dictionary = dictionary.c_str();
    const vultus::Listener listener(options);
    vultus::write_file(file,
                       R"([{"word":"bin","start":0.6,"end":0.84},{"word":"green","start":0.84,"end":1.2}])");
    vultus::HearOptions hear;
    hear.language = "en";  // "bin" would be German, where it is spoken
    const vultus::Times words = listener.hear_given(file, speech(48000), hear);
    ASSERT_EQ(words.words().size(), 2u);
    EXPECT_EQ(words.words()[1].start_s, 0.84);
    EXPECT_EQ(words.phones().back().end_s, 3);
    EXPECT_THROW(listener.hear_given("/nowhere.json", speech(48000)), vultus::Error);
    vultus::write_file(file, "no times");
    EXPECT_THROW(vultus::read_times(file), vultus::Error);
    std::filesystem::remove(file);
    std::filesystem::remove(dictionary);
}

std::vector<vultus_live_phone> pulled(vultus::LivePhones& live) {
    std::vector<vultus_live_phone> phones;
    while (const auto phone = live.pull()) phones.push_back(*phone);
    return phones;
}

TEST(LivePhones, ComeWhileTheSoundComes) {
    const vultus::Listener listener(bundled());
    const std::vector<float> sound = speech(48000);
    vultus::LivePhones live(listener), whole(listener);
    std::vector<vultus_live_phone> parts;
    for (std::size_t at = 0; at < sound.size(); at += 500) {
        live.push({&sound[at], std::min<std::size_t>(500, sound.size() - at)});
        for (const vultus_live_phone& phone : pulled(live)) parts.push_back(phone);
        const double pushed_s = static_cast<double>(std::min(at + 500, sound.size())) / 16000;
        // Its middle lies 82.5 ms back at most, and a frame of 20 ms is under way.
        EXPECT_GE(static_cast<double>(parts.size()) * 0.02, pushed_s - 0.0825 - 0.02);
    }
    live.end();
    for (const vultus_live_phone& phone : pulled(live)) parts.push_back(phone);
    whole.push(sound);
    whole.end();
    const auto at_once = pulled(whole);
    ASSERT_EQ(parts.size(), 150u);
    ASSERT_EQ(at_once.size(), 150u);
    const vultus::Times times = listener.hear(sound);
    int alike = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_EQ(parts[i].phone, at_once[i].phone);
        EXPECT_EQ(parts[i].index, static_cast<std::int64_t>(i));
        EXPECT_EQ(parts[i].start_s, i == 0 ? 0 : parts[i - 1].end_s);
        float sum = 0;
        for (const float weight : parts[i].viseme_weights) sum += weight;
        EXPECT_NEAR(sum, 1, 1e-3);
        const double middle_s = 0.02 * static_cast<double>(i);
        for (const vultus_phone& phone : times.phones())
            if (phone.start_s <= middle_s && middle_s < phone.end_s) alike += phone.viseme == parts[i].viseme;
    }
    EXPECT_EQ(parts.back().end_s, 3);
    EXPECT_GT(alike, 115) << "of 150, as what is heard with hindsight";
    live.push(sound);
    EXPECT_EQ(pulled(live).at(0).index, 0) << "anew";
}

TEST(LivePhones, RefuseNonsense) {
    vultus_live_phones* live = nullptr;
    EXPECT_EQ(vultus_live_phones_open(nullptr, 16000, &live), VULTUS_ERROR_HANDLE);
    const vultus::Listener listener(bundled());
    EXPECT_EQ(vultus_live_phones_open(listener.handle(), 7, &live), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_live_phones_open(listener.handle(), 16000, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    ASSERT_EQ(vultus_live_phones_open(listener.handle(), 44100, &live), VULTUS_OK);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(vultus_live_phones_push_f32(live, &nan, 1), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_live_phones_push_f32(live, nullptr, 1), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_live_phones_push_f32(live, nullptr, 0), VULTUS_OK);
    EXPECT_EQ(vultus_live_phones_pull(live, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_live_phones_end(live), VULTUS_OK);
    EXPECT_EQ(vultus_live_phones_close(live), VULTUS_OK);
    EXPECT_EQ(vultus_live_phones_close(live), VULTUS_ERROR_HANDLE);
}

TEST(Listener, RefusesNonsense) {
    vultus_listener* listener = nullptr;
    vultus_listener_options options = bundled();
    options.encoder = "/nowhere.safetensors";
    EXPECT_EQ(vultus_listener_open(&options, &listener), VULTUS_ERROR_IO);
    options = bundled();
    options.words = 2;
    EXPECT_EQ(vultus_listener_open(&options, &listener), VULTUS_ERROR_INVALID_ARGUMENT);
    options = bundled();
    EXPECT_EQ(vultus_listener_open(&options, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    options.words = 1;
    options.dictionary = "/nowhere.dict";
    EXPECT_EQ(vultus_listener_open(&options, &listener), VULTUS_ERROR_IO) << vultus_last_error();
    EXPECT_EQ(listener, nullptr);
    options = bundled();
    ASSERT_EQ(vultus_listener_open(&options, &listener), VULTUS_OK) << vultus_last_error();

    vultus_times* times = nullptr;
    std::vector<float> sound = speech(16000);
    const auto hear = [&](const float* samples, std::size_t count, const vultus_hear_options* how) {
        return vultus_listener_hear(listener, samples, count, how, &times);
    };
    EXPECT_EQ(hear(nullptr, 10, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(hear(sound.data(), 0, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(hear(sound.data(), SIZE_MAX / 4, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    sound[77] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(hear(sound.data(), sound.size(), nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_NE(std::strstr(vultus_last_error(), "77"), nullptr) << vultus_last_error();
    sound[77] = 0;
    vultus::HearOptions how;
    how.sample_rate_hz = 7;
    EXPECT_EQ(hear(sound.data(), sound.size(), &how), VULTUS_ERROR_INVALID_ARGUMENT);
    how = {};
    how.text = "";
    EXPECT_EQ(hear(sound.data(), sound.size(), &how), VULTUS_ERROR_INVALID_ARGUMENT);
    how = {};
    how.cancel = [](void*) { return 1; };
    EXPECT_EQ(hear(sound.data(), sound.size(), &how), VULTUS_ERROR_CANCELLED);
    EXPECT_EQ(times, nullptr);
    for (const std::size_t count : {1u, 319u, 321u}) {
        ASSERT_EQ(hear(sound.data(), count, nullptr), VULTUS_OK) << vultus_last_error();
        EXPECT_EQ(vultus_times_close(times), VULTUS_OK);
    }

    ASSERT_EQ(hear(sound.data(), sound.size(), nullptr), VULTUS_OK);
    const char* text = nullptr;
    EXPECT_EQ(vultus_times_file(times, "pdf", &text), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_times_file(times, nullptr, &text), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_times_file(times, "tsv", nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_times_phones(times, nullptr, nullptr), VULTUS_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(vultus_listener_close(listener), VULTUS_OK);
    EXPECT_EQ(vultus_listener_close(listener), VULTUS_ERROR_HANDLE);
    EXPECT_EQ(hear(sound.data(), sound.size(), nullptr), VULTUS_ERROR_HANDLE);
    EXPECT_EQ(vultus_times_file(times, "tsv", &text), VULTUS_OK) << "what it heard lives on";
    EXPECT_EQ(vultus_times_close(times), VULTUS_OK);
    EXPECT_EQ(vultus_times_close(times), VULTUS_ERROR_HANDLE);
    EXPECT_EQ(vultus_times_close(nullptr), VULTUS_OK);
}

TEST(Listener, NamesPhonesAndVisemes) {
    EXPECT_STREQ(vultus_phone_name(0), "SIL");
    EXPECT_STREQ(vultus_viseme_name(0), "sil");
    EXPECT_STREQ(vultus_viseme_name(14), "U");
    for (const int wrong : {-1, 40, 1 << 30}) EXPECT_EQ(vultus_phone_name(wrong), nullptr);
    for (const int wrong : {-1, 15}) EXPECT_EQ(vultus_viseme_name(wrong), nullptr);
}

}  // namespace
