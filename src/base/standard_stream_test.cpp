#include "base/standard_stream.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/cancel.h"
#include "base/scratch_folder.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;

TEST(InputStream, GivesWhatIsThereAndDoesNotWaitForMore) {
    const ScratchFolder scratch("stream");
    ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
    std::ofstream writer;
    std::thread opener([&] { writer.open(scratch / "pipe"); });
    InputStream stream(scratch / "pipe");
    opener.join();
    char bytes[64];
    for (const std::string piece : {"one", "three"}) {
        writer << piece << std::flush;
        EXPECT_EQ(std::string(bytes, stream.read(bytes, sizeof bytes)), piece);
    }
    writer.close();
    EXPECT_EQ(stream.read(bytes, sizeof bytes), 0u);
    EXPECT_FALSE(stream.can_seek());
}

TEST(InputStream, WaitingForInputCanBeCancelled) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    InputStream stream("/dev/fd/" + std::to_string(ends[0]));
    std::thread user([] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        set_cancel_requested(true);
    });
    char byte;
    EXPECT_THROW(stream.read(&byte, 1), Error);
    user.join();
    set_cancel_requested(false);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(InputStream, KnowsStreamsFromFiles) {
    const ScratchFolder scratch("kinds");
    std::ofstream(scratch / "file") << "text";
    ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
    EXPECT_TRUE(is_input_stream("-"));
    EXPECT_TRUE(is_input_stream(scratch / "pipe"));
    EXPECT_FALSE(is_input_stream(scratch / "file"));
    EXPECT_FALSE(is_input_stream(scratch / "absent"));
    EXPECT_TRUE(InputStream(scratch / "file").can_seek());
    EXPECT_THROW(InputStream(scratch / "absent"), Error);
    EXPECT_THROW(InputStream stream(scratch.path()), Error);
}

}  // namespace
}  // namespace vultus
