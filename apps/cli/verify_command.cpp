#include "verify_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/error.h"
#include "rendering/origin.h"

namespace vultus::cli {
namespace {

constexpr int kNotMarked = 1, kError = 2;

struct Arguments {
    std::vector<std::string> files;
    bool json = false;
};

std::string seconds_text(const marking::MarkFinding& mark) {
    std::string text;
    for (const auto& [start_s, end_s] : mark.spans_s)
        text += fmt::format("{}{:.1f} to {:.1f} s", text.empty() ? "" : ", ", start_s, end_s);
    return text.empty() ? "only in all of it together" : text;
}

void print_origin(const std::string& file, const rendering::Origin& origin) {
    const rendering::OriginNote& note = origin.note;
    fmt::print("{}\n", file);
    fmt::print("  metadata  {}\n",
               note.synthetic ? "synthetic, by Vultus" : "does not say that it is synthetic");
    for (const auto& [label, value] :
         {std::pair("person", note.person), std::pair("file", note.person_file),
          std::pair("licence", note.licence), std::pair("credit", note.attribution)})
        if (!value.empty()) fmt::print("  {:<8}  {}\n", label, value);
    if (origin.mark.found)
        fmt::print("  picture   marked: drawn by Vultus; {}; chance of a mistake below 1e{:.0f}\n",
                   seconds_text(origin.mark), std::ceil(origin.mark.log10_false_alarm));
    else
        fmt::print("  picture   no mark found in {:.1f} s\n", origin.seconds);
}

nlohmann::json json_of(const std::string& file, const rendering::Origin& origin) {
    nlohmann::json spans = nlohmann::json::array();
    for (const auto& [start_s, end_s] : origin.mark.spans_s) spans.push_back({start_s, end_s});
    const rendering::OriginNote& note = origin.note;
    nlohmann::json picture{{"marked", origin.mark.found},
                           {"log10_false_alarm", origin.mark.log10_false_alarm},
                           {"score", origin.mark.score},
                           {"spans_s", spans}};
    if (origin.mark.found) picture["scale"] = origin.mark.scale;
    return {{"file", file},
            {"seconds", origin.seconds},
            {"metadata",
             {{"synthetic", note.synthetic},
              {"person", note.person},
              {"person_file", note.person_file},
              {"licence", note.licence},
              {"attribution", note.attribution},
              {"comment", origin.comment}}},
            {"picture", picture}};
}

void verify(const Arguments& arguments) {
    nlohmann::json all = nlohmann::json::array();
    int status = 0;
    for (const std::string& file : arguments.files) {
        try {
            const rendering::Origin origin = rendering::find_origin(file);
            if (!origin.mark.found) status = std::max(status, kNotMarked);
            arguments.json ? all.push_back(json_of(file, origin)) : print_origin(file, origin);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::kCancelled) throw;
            fmt::print(stderr, "vultus: {}\n", error.what());
            all.push_back({{"file", file}, {"error", error.what()}});
            status = kError;
        }
    }
    if (arguments.json) fmt::print("{}\n", all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
    if (status != 0) throw ExitStatus{status};
}

}  // namespace

void add_verify_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand(
        "verify", "Tell whether videos are Vultus's: by their metadata and by the picture's mark");
    command->add_option("file", arguments->files, "Videos: any that FFmpeg reads")
        ->type_name("FILE")
        ->required();
    command->add_flag("--json", arguments->json, "As JSON: a list with an entry for each file");
    command->callback([arguments] { verify(*arguments); });
    command->footer(
        "Exit status: 0 when the picture of every file is marked, 1 when one is not, 2 for any error.");
}

}  // namespace vultus::cli
