#include "pronunciation/espeak.h"

#include <dlfcn.h>

#include <cstring>
#include <sstream>

#include "audio/phones.h"

namespace vultus::pronunciation {
namespace {

// The part of espeak-ng's stable C interface (speak_lib.h, revision 12) that is used here.
struct Event {
    int type;
    unsigned unique_identifier;
    int text_position, length, audio_position_ms, sample;
    void* user_data;
    union {
        int number;
        const char* name;
        char string[8];
    } id;
};
constexpr int kEndOfEvents = 0, kPhonemeEvent = 7;
constexpr int kSynchronous = 2;       ///< AUDIO_OUTPUT_SYNCHRONOUS: the callback runs inside of synth
constexpr int kPhonemeEventsIpa = 3;  ///< espeakINITIALIZE_PHONEME_EVENTS | _PHONEME_IPA
constexpr int kDontExit = 0x8000;
constexpr int kRate = 1, kPitch = 3, kRange = 4;
constexpr unsigned kUtf8 = 1, kSsml = 0x10;
constexpr int kIpaNames = 0x02;       ///< of espeak_TextToPhonemes
constexpr int kSeparator = '_' << 8;  ///< between phonemes

}  // namespace

struct Espeak::Library {
    using Callback = int (*)(short*, int, Event*);

    void* handle = nullptr;
    int rate_hz = 0;
    int (*initialize)(int, int, const char*, int) = nullptr;
    void (*set_callback)(Callback) = nullptr;
    int (*set_voice)(const char*) = nullptr;
    int (*set_parameter)(int, int, int) = nullptr;
    int (*synth)(const void*, std::size_t, unsigned, int, unsigned, unsigned, unsigned*, void*) = nullptr;
    int (*synchronize)() = nullptr;
    const char* (*to_phonemes)(const void**, int, int) = nullptr;
    int (*terminate)() = nullptr;

    ~Library() {
        if (rate_hz > 0) {
            terminate();
            in_use = false;
        }
        if (handle != nullptr) ::dlclose(handle);
    }

    template <typename F>
    bool find(F& function, const char* name) {
        function = reinterpret_cast<F>(::dlsym(handle, name));
        return function != nullptr;
    }

    bool open() {
        handle = ::dlopen("libespeak-ng.so.1", RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) return false;
        const bool complete =
            find(initialize, "espeak_Initialize") && find(set_callback, "espeak_SetSynthCallback") &&
            find(set_voice, "espeak_SetVoiceByName") && find(set_parameter, "espeak_SetParameter") &&
            find(synth, "espeak_Synth") && find(synchronize, "espeak_Synchronize") &&
            find(to_phonemes, "espeak_TextToPhonemes") && find(terminate, "espeak_Terminate");
        if (!complete) return false;
        if (in_use) return false;
        rate_hz = initialize(kSynchronous, 0, nullptr, kPhonemeEventsIpa | kDontExit);
        if (rate_hz <= 0) return false;
        in_use = true;
        set_callback(&on_sound);
        return true;
    }

    static int on_sound(short* audio, int count, Event* events) {
        if (current == nullptr) return 1;
        if (audio != nullptr) current->audio.insert(current->audio.end(), audio, audio + count);
        for (; events->type != kEndOfEvents; ++events)
            if (events->type == kPhonemeEvent)
                current->phonemes.push_back(
                    {events->sample, std::string(events->id.string, ::strnlen(events->id.string, 8))});
        return 0;
    }

    static inline Speech* current = nullptr;
    static inline bool in_use = false;
};

std::unique_ptr<Espeak> Espeak::load() {
    auto library = std::make_unique<Library>();
    if (!library->open()) return nullptr;
    return std::unique_ptr<Espeak>(new Espeak(std::move(library)));
}

Espeak::Espeak(std::unique_ptr<Library> library) : library_(std::move(library)) {}

Espeak::~Espeak() = default;

bool Espeak::set_voice(const std::string& name) { return library_->set_voice(name.c_str()) == 0; }

void Espeak::set_manner(int words_per_minute, int pitch, int pitch_range) {
    library_->set_parameter(kRate, words_per_minute, 0);
    library_->set_parameter(kPitch, pitch, 0);
    library_->set_parameter(kRange, pitch_range, 0);
}

Espeak::Speech Espeak::speak(const std::string& text, Markup markup) {
    Speech speech;
    Library::current = &speech;
    const unsigned flags = kUtf8 | (markup == Markup::kSsml ? kSsml : 0);
    library_->synth(text.c_str(), text.size() + 1, 0, 0, 0, flags, nullptr, nullptr);
    library_->synchronize();
    Library::current = nullptr;
    return speech;
}

int Espeak::sample_rate_hz() const { return library_->rate_hz; }

namespace {

/// Without the names of languages that it changes to and back, "(en)".
std::string without_languages(std::string ipa) {
    for (std::size_t open = ipa.find('('); open != std::string::npos; open = ipa.find('(', open)) {
        const std::size_t close = ipa.find(')', open);
        if (close == std::string::npos) break;
        ipa.erase(open, close - open + 1);
    }
    return ipa;
}

}  // namespace

std::vector<int> Espeak::pronounce(const std::string& word) {
    const void* rest = word.c_str();
    std::vector<int> phones;
    while (rest != nullptr) {
        const char* ipa = library_->to_phonemes(&rest, static_cast<int>(kUtf8), kIpaNames | kSeparator);
        if (ipa == nullptr) break;
        std::istringstream parts(without_languages(ipa));
        for (std::string part; std::getline(parts, part, '_');)
            for (const int phone : audio::phones_from_ipa(part))
                if (phone > audio::kSilence) phones.push_back(phone);
    }
    return phones;
}

}  // namespace vultus::pronunciation
