// The same in C++.
#include <cstdio>
#include <vultus/vultus.hpp>

int main(int argc, char** argv) try {
    if (argc > 2) {  // the installed speech encoder is found
        const vultus::Times times = vultus::Listener().hear(std::vector<float>(16000));
        std::printf("%zu phones\n%s", times.phones().size(), times.file("tsv").c_str());
        return times.phones().size() == 1 && times.phones()[0].phone == 0 ? 0 : 1;
    }
    if (argc != 2) return 2;
    const vultus::Person person(argv[1]);
    vultus::Session session(person);
    session.push(std::vector<float>(16000));
    session.end_speech();
    vultus::Frame frame;
    int frames = 0;
    for (; session.pull(frame, VULTUS_MISSING_WAIT, frames == 0); ++frames) {
    }
    std::printf("%d frames, %zu bytes\n", frames, frame.rgb.size());
    return frames == 25 && frame.rgb.size() == person.info().rgb_bytes ? 0 : 1;
} catch (const vultus::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
