// espeak-ng, loaded while the program runs when the system has it (Debian: libespeak-ng1, espeak-ng-data).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vultus::pronunciation {

/// One at a time in a process: the library keeps one state. Not for several threads.
class Espeak {
  public:
    /// Null when the system has no espeak-ng, or while another Espeak lives.
    static std::unique_ptr<Espeak> load();
    ~Espeak();
    Espeak(const Espeak&) = delete;
    Espeak& operator=(const Espeak&) = delete;

    /// "en-us", "de", "en-gb+f3" ...; false when there is no such voice.
    bool set_voice(const std::string& name);
    /// Words a minute (80..450), 0..100.
    void set_manner(int words_per_minute, int pitch, int pitch_range);

    struct Phoneme {
        std::int64_t begin_sample = 0;
        std::string ipa;  ///< empty: a pause
    };
    struct Speech {
        std::vector<std::int16_t> audio;
        std::vector<Phoneme> phonemes;
    };
    enum class Markup { kNone, kSsml };
    Speech speak(const std::string& text, Markup markup = Markup::kNone);
    int sample_rate_hz() const;

    /// The phones of a word in the voice's language (audio/phones.h); empty when it says nothing.
    std::vector<int> pronounce(const std::string& word);

  private:
    struct Library;
    explicit Espeak(std::unique_ptr<Library> library);
    std::unique_ptr<Library> library_;
};

}  // namespace vultus::pronunciation
