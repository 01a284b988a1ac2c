// Any program that turns text on its standard input into sound.
#include <atomic>
#include <utility>

#include "base/error.h"
#include "base/process.h"
#include "base/scratch_folder.h"
#include "voices/voice_kinds.h"

namespace vultus::voices {
namespace {

constexpr const char* kOut = "{out}";

class CommandVoice : public Voice {
  public:
    CommandVoice(std::vector<std::string> words, const VoiceOptions& options)
        : words_(std::move(words)), options_(options) {}

    Spans speak(const Passage& passage, const TakeSound& take) override {
        static std::atomic<int> count{0};
        const ScratchFolder scratch("command-voice-" + std::to_string(++count));
        const std::filesystem::path file = scratch / "out.wav";
        std::vector<std::string> call = words_;
        bool to_file = false;
        for (std::string& word : call)
            for (std::size_t at; (at = word.find(kOut)) != std::string::npos; to_file = true)
                word.replace(at, std::string(kOut).size(), file.string());
        FilterLimits limits;
        limits.seconds = options_.limit_s;
        const FilterResult said = run_filter(call, passage.text + "\n", limits);
        if (said.exit_code != 0)
            fail(ErrorCode::kIo, "[voices] {}: ended with {}: {}", call[0], said.exit_code, said.errors);
        try {
            take(to_file ? read_sound(file, call[0]) : decode_sound(said.output, call[0]));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::kIo || said.errors.empty()) throw;
            fail(ErrorCode::kIo, "{} (it says: {})", error.what(), said.errors);
        }
        return {};
    }

  private:
    std::vector<std::string> words_;
    VoiceOptions options_;
};

}  // namespace

std::vector<std::string> words_of_command(const std::string& command) {
    std::vector<std::string> words;
    std::string word;
    bool inside = false;
    char quote = 0;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (c == '\\' && quote != '\'' && i + 1 < command.size()) {
            word += command[++i];
            inside = true;
        } else if (quote != 0) {
            if (c == quote)
                quote = 0;
            else
                word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            inside = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            if (inside) words.push_back(std::exchange(word, {}));
            inside = false;
        } else {
            word += c;
            inside = true;
        }
    }
    if (quote != 0)
        fail(ErrorCode::kInvalidArgument, "[voices] cmd:{}: expected another {} at the end", command, quote);
    if (inside) words.push_back(word);
    if (words.empty()) fail(ErrorCode::kInvalidArgument, "[voices] cmd: expected a command, got nothing");
    return words;
}

std::unique_ptr<Voice> open_command(const std::string& command, const VoiceOptions& options) {
    std::vector<std::string> words = words_of_command(command);
    if (words[0].find('/') == std::string::npos && !find_program(words[0]))
        fail(ErrorCode::kUnsupported, "[voices] cmd:{}: no such program on PATH", words[0]);
    return std::make_unique<CommandVoice>(std::move(words), options);
}

}  // namespace vultus::voices
