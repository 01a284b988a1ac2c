// A sound file in, a video file out:  file_to_video PERSON.vultus SPEECH OUT.mp4
#include <cstdio>
#include <vultus/vultus.hpp>

int main(int argc, char** argv) try {
    if (argc != 4) {
        std::fprintf(stderr, "usage: file_to_video PERSON.vultus SPEECH OUT.mp4\n");
        return 2;
    }
    vultus::TalkOptions options;
    options.progress = [](void*, int64_t frames) {
        std::fprintf(stderr, "\r%lld frames", static_cast<long long>(frames));
    };
    const auto frames = vultus::talk(argv[1], argv[2], argv[3], options);
    std::fprintf(stderr, "\rwrote %lld frames to %s\n", static_cast<long long>(frames), argv[3]);
    return 0;
} catch (const vultus::Error& error) {
    std::fprintf(stderr, "\n%s\n", error.what());
    return 1;
}
