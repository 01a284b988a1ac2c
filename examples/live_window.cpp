// The person in a window, alive: repeats what the microphone hears, or says a WAV file.
//
//   live_window PERSON.vultus [SPEECH.wav] [--frames N]
//
// Space interrupts, Escape leaves. --frames ends after N frames.
#include <SDL.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vultus/vultus.hpp>

namespace {

[[noreturn]] void sdl_failed(const char* what) {
    throw std::runtime_error(std::string(what) + ": " + SDL_GetError());
}

/// A WAV file as mono floats, and its rate.
std::vector<float> read_wav(const char* path, int& rate_hz) {
    SDL_AudioSpec spec;
    Uint8* bytes = nullptr;
    Uint32 length = 0;
    if (!SDL_LoadWAV(path, &spec, &bytes, &length)) sdl_failed(path);
    SDL_AudioCVT convert;
    const int wanted =
        SDL_BuildAudioCVT(&convert, spec.format, spec.channels, spec.freq, AUDIO_F32SYS, 1, spec.freq);
    if (wanted < 0) sdl_failed(path);
    convert.len = static_cast<int>(length);
    std::vector<Uint8> buffer(static_cast<std::size_t>(length) * static_cast<std::size_t>(convert.len_mult));
    std::memcpy(buffer.data(), bytes, length);
    SDL_FreeWAV(bytes);
    convert.buf = buffer.data();
    convert.len_cvt = convert.len;
    if (wanted > 0 && SDL_ConvertAudio(&convert) < 0) sdl_failed(path);
    std::vector<float> samples(static_cast<std::size_t>(convert.len_cvt) / sizeof(float));
    std::memcpy(samples.data(), buffer.data(), samples.size() * sizeof(float));
    rate_hz = spec.freq;
    return samples;
}

/// Mono floats; a microphone or, else, a loudspeaker at 16 kHz.
SDL_AudioDeviceID open_sound(bool microphone) {
    SDL_AudioSpec wanted{};
    wanted.freq = 16000;
    wanted.format = AUDIO_F32SYS;
    wanted.channels = 1;
    wanted.samples = 512;
    const SDL_AudioDeviceID device = SDL_OpenAudioDevice(nullptr, microphone ? 1 : 0, &wanted, nullptr, 0);
    if (device == 0) sdl_failed(microphone ? "microphone" : "loudspeaker");
    SDL_PauseAudioDevice(device, 0);
    return device;
}

/// False when the user leaves.
bool handle_keys(vultus::Session& session) {
    for (SDL_Event event; SDL_PollEvent(&event);) {
        if (event.type == SDL_QUIT) return false;
        if (event.type == SDL_KEYDOWN && event.key.keysym.sym == SDLK_ESCAPE) return false;
        if (event.type == SDL_KEYDOWN && event.key.keysym.sym == SDLK_SPACE) session.interrupt();
    }
    return true;
}

void show(SDL_Window* window, const std::vector<std::uint8_t>& rgb, int size_px) {
    SDL_Surface* picture = SDL_CreateRGBSurfaceWithFormatFrom(
        const_cast<std::uint8_t*>(rgb.data()), size_px, size_px, 24, 3 * size_px, SDL_PIXELFORMAT_RGB24);
    if (!picture) sdl_failed("picture");
    SDL_BlitScaled(picture, nullptr, SDL_GetWindowSurface(window), nullptr);
    SDL_FreeSurface(picture);
    SDL_UpdateWindowSurface(window);
}

void run(const char* person_path, const char* wav_path, long most_frames) {
    if (SDL_Init(SDL_INIT_VIDEO | SDL_INIT_AUDIO) != 0) sdl_failed("SDL");
    vultus::Person person(person_path);
    const vultus_person_info info = person.info();
    vultus::SessionOptions options;
    std::vector<float> speech;
    if (wav_path) speech = read_wav(wav_path, options.sample_rate_hz);
    vultus::Session session(person, options);
    const SDL_AudioDeviceID sound = open_sound(wav_path == nullptr);
    SDL_Window* window = SDL_CreateWindow(info.name, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                          2 * info.size_px, 2 * info.size_px, 0);
    if (!window) sdl_failed("window");
    if (wav_path) {
        session.push(speech);
        session.end_speech();
    }
    const double ms_per_frame = 1000.0 * info.fps_den / info.fps_num;
    const Uint64 start = SDL_GetTicks64();
    std::vector<float> heard(16000);
    vultus::Frame frame;
    for (long i = 0; (most_frames == 0 || i < most_frames) && handle_keys(session); ++i) {
        if (!wav_path) {
            const Uint32 bytes = SDL_DequeueAudio(sound, heard.data(), static_cast<Uint32>(4 * heard.size()));
            session.push(std::span(heard).first(bytes / 4));
        }
        // A frame that comes too late to be seen is not drawn; its sound counts all the same.
        const double due_ms = static_cast<double>(i) * ms_per_frame;
        const auto now_ms = static_cast<double>(SDL_GetTicks64() - start);
        const bool late = i % 10 != 0 && now_ms > due_ms + 2 * ms_per_frame;
        session.pull(frame, VULTUS_MISSING_SILENCE, !late);
        if (wav_path) SDL_QueueAudio(sound, frame.sound.data(), static_cast<Uint32>(4 * frame.sound.size()));
        if (now_ms < due_ms) SDL_Delay(static_cast<Uint32>(due_ms - now_ms));
        if (!late) show(window, frame.rgb, info.size_px);
    }
    SDL_CloseAudioDevice(sound);
    SDL_DestroyWindow(window);
    SDL_Quit();
}

}  // namespace

int main(int argc, char** argv) try {
    const char *person = nullptr, *wav = nullptr;
    long frames = 0;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--frames") == 0 && i + 1 < argc)
            frames = std::atol(argv[++i]);
        else if (!person)
            person = argv[i];
        else
            wav = argv[i];
    }
    if (!person) {
        std::fprintf(stderr, "usage: live_window PERSON.vultus [SPEECH.wav] [--frames N]\n");
        return 2;
    }
    run(person, wav, frames);
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "live_window: %s\n", error.what());
    return 1;
}
