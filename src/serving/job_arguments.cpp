#include "serving/job_arguments.h"

#include <cmath>

#include "base/error.h"
#include "base/output_file.h"
#include "rendering/backdrop.h"
#include "serving/persons.h"
#include "voices/speech_marks.h"

namespace vultus::serving {
namespace {

using Arguments = std::vector<std::string>;

/// A path that an id stands for.
std::string place(const char* field, const std::string& id,
                  const std::function<std::filesystem::path(const std::string&)>& find, const char* what) {
    const std::filesystem::path path = is_id(id) ? find(id) : std::filesystem::path();
    if (path.empty()) refuse_field(field, fmt::format("the id of {}, got '{}'", what, id));
    return path.string();
}

void add_uploads(const nlohmann::json& request, const JobPlaces& places, Arguments& arguments) {
    const auto found = request.find("uploads");
    if (found == request.end() || !found->is_array() || found->empty() || found->size() > 1000)
        refuse_field("uploads", "1 to 1000 ids of uploads");
    for (const auto& id : *found)
        arguments.push_back(
            place("uploads", id.is_string() ? id.get<std::string>() : "", places.upload, "an upload"));
}

void add_text(const nlohmann::json& request, const char* field, const char* option, Arguments& arguments) {
    const std::string value = text_field(request, field);
    if (value.empty()) return;
    // As one argument, so that nothing of it is taken for an option.
    arguments.push_back(option + ("=" + value));
}

std::string budget_of(const nlohmann::json& request) {
    const double minutes = number_field(request, "minutes", 60, 0.2, 7 * 24 * 60);
    return fmt::format("{}s", std::lround(60 * minutes));
}

void add_card(const nlohmann::json& request, Arguments& arguments) {
    add_text(request, "name", "--name", arguments);
    add_text(request, "source", "--source", arguments);
    add_text(request, "licence", "--licence", arguments);
    add_text(request, "attribution", "--attribution", arguments);
    const auto consent = request.find("consent");
    const auto part = [&](const char* name) {
        return consent != request.end() && consent->is_object() ? text_field(*consent, name) : "";
    };
    if (part("name").empty() || part("date").empty() || part("purpose").empty())
        refuse_field("consent", "{\"name\": who agreed, \"date\": when, \"purpose\": to what}");
    arguments.push_back(fmt::format("--consent={}, {}: {}", part("name"), part("date"), part("purpose")));
}

Arguments talk_arguments(const nlohmann::json& request, const JobPlaces& places) {
    const std::string person = place("person", text_field(request, "person"), places.person, "a person");
    const std::string text = text_field(request, "text", voices::kMostTextBytes);
    const std::string format = text_field(request, "format").empty() ? "mp4" : text_field(request, "format");
    if (format != "mp4" && format != "webm" && format != "mkv" && format != "mov")
        refuse_field("format", "mp4, webm, mkv or mov");
    Arguments arguments{text.empty() ? "talk" : "say", person};
    if (text.empty()) {
        arguments.push_back(
            place("upload", text_field(request, "upload"), places.upload, "an upload, or a text"));
    } else {
        (void)voices::passages_of(text);
        write_file(places.folder / "text.txt", text);
        arguments.insert(arguments.end(), {"--text-file", (places.folder / "text.txt").string()});
        const std::string voice = text_field(request, "voice");
        if (!voice.empty() && !places.is_voice(voice)) refuse_field("voice", "one of /v1/voices");
        if (!voice.empty()) arguments.insert(arguments.end(), {"--voice", voice});
        arguments.insert(arguments.end(), {"--voice-limit", fmt::format("{}", places.voice_limit_s)});
    }
    arguments.insert(arguments.end(), {"-o", (places.folder / ("talk." + format)).string()});
    if (const std::string background = background_field(request, format == "webm" || format == "mov");
        !background.empty())
        arguments.insert(arguments.end(), {"--background", background});
    if (const double scale = number_field(request, "head_scale", 1, 0, 3); scale != 1)
        arguments.insert(arguments.end(), {"--head-scale", fmt::format("{}", scale)});
    if (!flag_field(request, "blinks", true)) arguments.push_back("--no-blinks");
    if (!flag_field(request, "idle_motion", true)) arguments.push_back("--no-idle");
    return arguments;
}

Arguments learn_arguments(const nlohmann::json& request, const JobPlaces& places) {
    Arguments arguments{"learn"};
    add_uploads(request, places, arguments);
    const std::string id = text_field(request, "id");
    if (!is_id(id)) refuse_field("id", "letters, digits, - and _: the new person's id");
    if (!places.person(id).empty()) refuse_field("id", "one that no person has yet, got '" + id + "'");
    arguments.insert(arguments.end(),
                     {"-o", (places.folder / (id + ".vultus")).string(), "--budget", budget_of(request)});
    if (const double size = number_field(request, "size_px", 0, 0, 1024); size > 0)
        arguments.insert(arguments.end(), {"--size", fmt::format("{:.0f}", size)});
    if (text_field(request, "from") == "none") arguments.insert(arguments.end(), {"--from", "none"});
    add_card(request, arguments);
    return arguments;
}

Arguments prepare_arguments(const nlohmann::json& request, const JobPlaces& places) {
    Arguments arguments{"prepare"};
    add_uploads(request, places, arguments);
    arguments.insert(arguments.end(), {"-o", (places.folder / "corpus").string()});
    if (const double size = number_field(request, "size_px", 0, 0, 1024); size > 0)
        arguments.insert(arguments.end(), {"--size", fmt::format("{:.0f}", size)});
    return arguments;
}

Arguments train_arguments(const nlohmann::json& request, const JobPlaces& places) {
    const std::string id = text_field(request, "id");
    if (!is_id(id)) refuse_field("id", "letters, digits, - and _: the new person's id");
    if (!places.person(id).empty()) refuse_field("id", "one that no person has yet, got '" + id + "'");
    Arguments arguments{
        "train",
        place("corpus", text_field(request, "corpus"), places.corpus_of_job, "a job that prepared"),
        "-o",
        (places.folder / (id + ".vultus")).string(),
        "--budget",
        budget_of(request)};
    add_card(request, arguments);
    return arguments;
}

Arguments eval_arguments(const nlohmann::json& request, const JobPlaces& places) {
    return {
        "eval", place("person", text_field(request, "person"), places.person, "a person"),
        place("corpus", text_field(request, "corpus"), places.corpus_of_job, "a job that prepared or learnt"),
        "-o", (places.folder / "report").string()};
}

}  // namespace

std::string background_field(const nlohmann::json& json, bool may_be_transparent) {
    const std::string what = text_field(json, "background");
    const bool transparent = may_be_transparent && what == rendering::Backdrop::kTransparent;
    if (!what.empty() && !transparent && !rendering::parse_colour(what))
        refuse_field("background", may_be_transparent
                                       ? "a colour (#rrggbb or a name such as white) or transparent"
                                       : "a colour (#rrggbb or a name such as white)");
    return what;
}

std::vector<std::string> job_arguments(const nlohmann::json& request, const JobPlaces& places) {
    if (!request.is_object()) refuse_field("body", "a JSON object");
    const std::string kind = text_field(request, "kind");
    if (kind == "talk") return talk_arguments(request, places);
    if (kind == "learn") return learn_arguments(request, places);
    if (kind == "prepare") return prepare_arguments(request, places);
    if (kind == "train") return train_arguments(request, places);
    if (kind == "eval") return eval_arguments(request, places);
    refuse_field("kind", "talk, prepare, train, learn or eval, got '" + kind + "'");
}

}  // namespace vultus::serving
