#include "streaming/webrtc_feed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "base/error.h"
#include "streaming/receiver_testonly.h"

namespace vultus::streaming {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSizePx = 64, kSamples = 640;

/// Flashes and beeps at the same time, 5 frames of each 25, in real time.
class Show {
  public:
    explicit Show(WebRtcFeed& feed) : thread_([this, &feed] { run(feed); }) {}
    ~Show() {
        stop_ = true;
        thread_.join();
    }
    double longest_s() const { return longest_s_; }

  private:
    void run(WebRtcFeed& feed) {
        std::vector<std::uint8_t> rgb(3 * kSizePx * kSizePx);
        std::vector<float> sound(kSamples);
        auto due = Clock::now();
        for (int frame = 0; !stop_; ++frame) {
            const bool on = frame % 25 < 5;
            std::fill(rgb.begin(), rgb.end(), on ? 220 : 30);
            for (int i = 0; i < kSamples; ++i)
                sound[static_cast<std::size_t>(i)] =
                    on ? 0.5f * std::sin(0.3f * static_cast<float>(i)) : 0.0f;
            const auto begin = Clock::now();
            feed.show(rgb.data(), sound.data(), sound.size());
            longest_s_ =
                std::max(longest_s_.load(), std::chrono::duration<double>(Clock::now() - begin).count());
            due += std::chrono::milliseconds(40);
            std::this_thread::sleep_until(due);
        }
    }
    std::atomic<bool> stop_{false};
    std::atomic<double> longest_s_{0};
    std::thread thread_;
};

/// When levels rise above a threshold, in s.
std::vector<double> rises(const std::vector<Receiver::Seen>& seen, double threshold) {
    std::vector<double> at;
    for (std::size_t i = 1; i < seen.size(); ++i)
        if (seen[i].level > threshold && seen[i - 1].level <= threshold &&
            (at.empty() || seen[i].at_s > at.back() + 0.5))
            at.push_back(seen[i].at_s);
    return at;
}

template <typename F>
bool wait_for(F&& condition, double seconds) {
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (!condition()) {
        if (Clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

/// Whom nobody answers is waited for for seconds; a busy machine is away for less.
constexpr double kWithoutWaiting = 1.5;

class WebRtc : public testing::Test {
  protected:
    WebRtc() {
        options.size_px = kSizePx;
        options.on_peers = [this](std::size_t count) { num_peers = count; };
        try {
            feed = std::make_unique<WebRtcFeed>(options);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::kUnsupported) throw;
            missing = error.what();
        }
    }
    void SetUp() override {
        if (!feed) GTEST_SKIP() << missing;
    }
    std::atomic<std::size_t> num_peers{0};
    WebRtcOptions options;
    std::string missing;
    std::unique_ptr<WebRtcFeed> feed;
};

TEST_F(WebRtc, SeveralViewersSeeAndHearInStep) {
    const Show show(*feed);
    Receiver first, second;
    for (Receiver* receiver : {&first, &second})
        receiver->take(feed->add_peer(receiver == &first ? "first" : "second", receiver->offer()).sdp);
    EXPECT_EQ(num_peers, 2u);
    for (Receiver* receiver : {&first, &second}) {
        ASSERT_TRUE(wait_for([&] { return rises(receiver->pictures(), 128).size() >= 4; }, 20));
        const auto pictures = receiver->pictures();
        const double span_s = pictures.back().at_s - pictures.front().at_s;
        EXPECT_LT(static_cast<double>(pictures.size() - 1) / span_s, 27.5) << "the first come in a hurry";
        // The first are before sender reports have told the receiver how the two belong together.
        const double flash = rises(pictures, 128)[2];
        ASSERT_TRUE(wait_for([&] { return rises(receiver->sounds(), 0.05).size() >= 4; }, 10));
        double nearest = 1;
        for (const double beep : rises(receiver->sounds(), 0.05))
            nearest = std::min(nearest, std::abs(beep - flash));
        EXPECT_LT(nearest, 0.045);
        std::printf("flash to beep: %.1f ms\n", 1000 * nearest);
    }
    EXPECT_LT(show.longest_s(), kWithoutWaiting) << "what shows waits for nobody";
}

TEST_F(WebRtc, WhoLeavesIsForgottenAndHoldsNobodyUp) {
    options.silence_s = 4;
    feed = std::make_unique<WebRtcFeed>(options);
    const Show show(*feed);
    Receiver stays;
    stays.take(feed->add_peer("stays", stays.offer()).sdp);
    {
        Receiver goes, deleted;
        goes.take(feed->add_peer("goes", goes.offer()).sdp);
        deleted.take(feed->add_peer("deleted", deleted.offer()).sdp);
        Receiver never;
        (void)feed->add_peer("never", never.offer());  // does not take the answer
        ASSERT_TRUE(wait_for([&] { return goes.pictures().size() > 5; }, 10));
        EXPECT_EQ(num_peers, 4u);
        EXPECT_TRUE(feed->remove_peer("deleted"));
        EXPECT_FALSE(feed->remove_peer("deleted"));
        EXPECT_EQ(num_peers, 3u);
    }
    EXPECT_TRUE(wait_for([&] { return num_peers == 1; }, 12)) << num_peers;
    const std::size_t before = stays.pictures().size();
    EXPECT_TRUE(wait_for([&] { return stays.pictures().size() > before + 40; }, 20))
        << "still sent, not counted as gone";
    EXPECT_LT(show.longest_s(), kWithoutWaiting);
}

TEST_F(WebRtc, NonsenseIsRefused) {
    Receiver receiver;
    const std::string offer = receiver.offer();
    EXPECT_THROW(feed->add_peer("a", "hello"), Error);
    EXPECT_THROW(feed->add_peer("a", ""), Error);
    std::string wrong = offer;
    for (std::size_t at = 0; (at = wrong.find("a=ice-pwd:", at)) != std::string::npos;) wrong.erase(at, 14);
    EXPECT_THROW(feed->add_peer("a", wrong), Error);
    EXPECT_EQ(num_peers, 0u);
    EXPECT_FALSE(feed->add_candidates("a", "a=mid:0\r\n"));
    (void)feed->add_peer("a", offer);
    EXPECT_TRUE(feed->add_candidates("a", "a=candidate:1 1 udp 2 127.0.0.1 9 typ host\r\n"));
    EXPECT_THROW(feed->add_candidates("a", "what"), Error);
}

TEST_F(WebRtc, TooManyAreRefused) {
    options.most_peers = 1;
    feed = std::make_unique<WebRtcFeed>(options);
    Receiver receiver;
    (void)feed->add_peer("a", receiver.offer());
    EXPECT_THROW(feed->add_peer("b", receiver.offer()), Error);
}

}  // namespace
}  // namespace vultus::streaming
