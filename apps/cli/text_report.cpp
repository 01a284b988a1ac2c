#include "text_report.h"

#include <fmt/format.h>

#include "base/progress.h"
#include "pronunciation/language.h"

namespace vultus::cli {
namespace {

constexpr std::size_t kMostListed = 5;

void print_unsaid(const alignment::PhoneTimes& times) {
    std::string list;
    for (std::size_t i = 0; i < times.unsaid.size() && i < kMostListed; ++i) {
        const alignment::UnsaidWord& word = times.unsaid[i];
        list += fmt::format(
            "{}'{}' (word {}, {:.2f} s, {})", i == 0 ? "" : ", ", word.word, word.index + 1, word.at_s,
            word.known ? fmt::format("{:.0f} % sure", 100 * word.sure) : "no way to say it is known");
    }
    if (times.unsaid.size() > kMostListed)
        list += fmt::format(" and {} more", times.unsaid.size() - kMostListed);
    if (!list.empty())
        fmt::print(stderr, "text: {} of {} words are not said: {}\n", times.unsaid.size(),
                   times.unsaid.size() + times.words.size(), list);
}

void print_gaps(const alignment::PhoneTimes& times) {
    std::string list;
    for (std::size_t i = 0; i < times.gaps.size() && i < kMostListed; ++i)
        list += fmt::format("{}{:.2f} to {:.2f} s ({:.0f} % sure)", i == 0 ? "" : ", ", times.gaps[i].start_s,
                            times.gaps[i].end_s, 100 * times.gaps[i].sure);
    if (times.gaps.size() > kMostListed) list += fmt::format(" and {} more", times.gaps.size() - kMostListed);
    if (!list.empty()) fmt::print(stderr, "text: said without it: {}\n", list);
}

}  // namespace

void add_text_options(CLI::App& command, std::string& language, bool& exact) {
    command
        .add_option("--language", language,
                    "Of the text: en, en-GB, de, fr, pt-BR, zh ... (default: guessed from it)")
        ->type_name("TAG");
    command.add_flag(
        "--exact", exact,
        "Refuse a text that is not said word for word (default: what is missing or too much costs those "
        "words)");
}

void print_text_report(const alignment::PhoneTimes& times, bool guessed) {
    if (guessed)
        fmt::print(stderr, "text: {} ({}), as it seems; --language names another\n",
                   pronunciation::language_named(times.language).name, times.language);
    print_unsaid(times);
    print_gaps(times);
}

}  // namespace vultus::cli
