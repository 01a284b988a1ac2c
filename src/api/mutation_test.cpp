// Damaged person files and random calls: a status each time, never a crash. Deterministic, so that whatever
// fails fails again.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "api/write_tiny_person_testonly.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "vultus/vultus.h"

namespace {

namespace fs = std::filesystem;

class Mutations : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        folder_ = fs::temp_directory_path() / ("vultus-mutations-" + std::to_string(::getpid()));
        fs::create_directories(folder_);
        path_ = (folder_ / "tiny.vultus").string();
        write_tiny_person(path_);
    }
    static void TearDownTestSuite() { fs::remove_all(folder_); }

    /// Opens what `bytes` say; if that succeeds, draws.
    static vultus_status try_person(const std::string& bytes) {
        const std::string path = (folder_ / "damaged.vultus").string();
        vultus::write_file(path, bytes);
        vultus_person* person = nullptr;
        const vultus_status status = vultus_person_open(path.c_str(), nullptr, &person);
        EXPECT_EQ(status == VULTUS_OK, person != nullptr);
        if (status != VULTUS_OK) {
            EXPECT_NE(status, VULTUS_ERROR_INTERNAL) << vultus_last_error();
            EXPECT_STRNE(vultus_last_error(), "");
            return status;
        }
        vultus_session* session = nullptr;
        vultus_person_info info;
        vultus_person_info_init(&info);
        EXPECT_EQ(vultus_person_get_info(person, &info), VULTUS_OK);
        if (vultus_session_open(person, nullptr, &session) == VULTUS_OK) {
            vultus_frame frame;
            vultus_frame_init(&frame);
            for (int i = 0; i < 3; ++i) vultus_session_pull(session, VULTUS_MISSING_SILENCE, &frame);
            vultus_session_close(session);
        }
        vultus_person_close(person);
        return VULTUS_OK;
    }

    static inline fs::path folder_;
    static inline std::string path_;
};

TEST_F(Mutations, DamagedPersonFiles) {
    const std::string whole = vultus::read_file(path_);
    std::uint64_t header = 0;
    for (int i = 0; i < 8; ++i)
        header |= static_cast<std::uint64_t>(static_cast<unsigned char>(whole[static_cast<std::size_t>(i)]))
                  << (8 * i);
    vultus::Rng rng(1);
    int refused = 0;
    for (int round = 0; round < 400; ++round) {
        std::string bytes = whole;
        // The header says what everything means: most of the damage goes there.
        const std::uint64_t reach = round % 4 == 3 ? bytes.size() : header + 8;
        for (std::uint64_t hits = 1 + rng.below(3); hits > 0; --hits) {
            const auto at = static_cast<std::size_t>(rng.below(reach));
            switch (rng.below(5)) {
                case 0:
                    bytes[at] = static_cast<char>(rng.below(256));
                    break;
                case 1:
                    bytes[at] = static_cast<char>('0' + rng.below(10));
                    break;
                case 2:
                    bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
                    break;
                case 3:
                    bytes.erase(at, 1 + static_cast<std::size_t>(rng.below(4)));
                    break;
                default:
                    bytes.insert(at, 1, static_cast<char>('0' + rng.below(10)));
            }
        }
        SCOPED_TRACE(round);
        if (try_person(bytes) != VULTUS_OK) ++refused;
    }
    EXPECT_GT(refused, 200);
    for (std::size_t length = 0; length < whole.size(); length += whole.size() / 40 + 1)
        EXPECT_NE(try_person(whole.substr(0, length)), VULTUS_OK) << length;
    EXPECT_EQ(try_person(whole), VULTUS_OK);
}

TEST_F(Mutations, RandomCalls) {
    vultus_person* person = nullptr;
    ASSERT_EQ(vultus_person_open(path_.c_str(), nullptr, &person), VULTUS_OK);
    vultus::Rng rng(2);
    vultus_session* session = nullptr;
    const float odd[] = {0,
                         1,
                         -1,
                         1e30f,
                         -1e-40f,
                         std::numeric_limits<float>::max(),
                         std::numeric_limits<float>::quiet_NaN(),
                         std::numeric_limits<float>::infinity()};
    std::vector<float> samples(5000);
    std::int64_t expected_index = 0;
    for (int call = 0; call < 3000; ++call) {
        vultus_status status = VULTUS_OK;
        switch (rng.below(9)) {
            case 0: {
                vultus_session_close(session);
                session = nullptr;
                vultus_session_options options;
                vultus_session_options_init(&options);
                const int rates[] = {16000, 8000, 44100, 48000, 0, -1, 192000, 11025};
                options.sample_rate_hz = rates[rng.below(8)];
                options.look_ahead_frames = static_cast<std::int32_t>(rng.below(5)) - 2;
                options.head = static_cast<std::int32_t>(rng.below(3));
                options.head_scale = odd[rng.below(8)];
                status = vultus_session_open(person, &options, &session);
                expected_index = 0;
                break;
            }
            case 1:
            case 2:
            case 3: {
                const auto count = static_cast<std::size_t>(rng.below(samples.size()));
                for (std::size_t i = 0; i < count; ++i) samples[i] = static_cast<float>(rng.normal());
                if (rng.below(4) == 0 && count > 0) samples[rng.below(count)] = odd[rng.below(8)];
                status = vultus_session_push_f32(session, samples.data(), count);
                break;
            }
            case 4:
                status = vultus_session_end_speech(session);
                break;
            case 5:
                status = rng.below(3) ? VULTUS_OK : vultus_session_interrupt(session);
                break;
            default: {
                vultus_frame frame;
                vultus_frame_init(&frame);
                status = vultus_session_pull(
                    session, rng.below(2) ? VULTUS_MISSING_SILENCE : VULTUS_MISSING_WAIT, &frame);
                if (status == VULTUS_OK) {
                    EXPECT_EQ(frame.index, expected_index++);
                }
            }
        }
        ASSERT_NE(status, VULTUS_ERROR_INTERNAL) << call << ": " << vultus_last_error();
        if (status < 0) {
            EXPECT_STRNE(vultus_last_error(), "");
        }
    }
    vultus_session_close(session);
    vultus_person_close(person);
}

}  // namespace
