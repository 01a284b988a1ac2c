#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>

#include "commands.h"
#include "person/person.h"

namespace vultus::cli {
namespace {

struct Arguments {
    std::string person;
    bool json = false;
};

struct NetworkSize {
    std::int64_t values = 0, bytes = 0;
};

// Sizes by the part of the tensor's name before the first dot: unet, encoder, speech.
std::map<std::string, NetworkSize> network_sizes(const Archive& weights) {
    std::map<std::string, NetworkSize> sizes;
    for (const auto& [name, tensor] : weights.tensors) {
        NetworkSize& size = sizes[name.substr(0, name.find('.'))];
        size.values += tensor.size();
        size.bytes += static_cast<std::int64_t>(tensor.bytes.size());
    }
    return sizes;
}

void print_line(const std::string& label, const std::string& value) {
    if (!value.empty()) fmt::print("{:<16}{}\n", label, value);
}

void print_person(const person::Person& person, const std::string& path) {
    const person::Card& card = person.card;
    print_line("person", card.name);
    print_line("source", card.source);
    print_line("licence", card.licence);
    print_line("attribution", card.attribution);
    print_line("consent", card.consent);
    print_line("date", card.date);
    print_line("picture",
               fmt::format("{0} x {0} px, {1:g} frames per second", person.model.unet.size_px, person.fps()));
    print_line("model", fmt::format("{}, latent of {}, {} steps by default", person.model.preset,
                                    person.model.unet.latent, person.model.diffusion.default_steps));
    print_line("speech", person.can_speak() ? person.model.speech.features
                                            : "none: this person was not taught to speak yet");
    for (const auto& [name, size] : network_sizes(person.weights))
        print_line(name, fmt::format("{:.2f} M values, {:.2f} MB", size.values / 1e6, size.bytes / 1e6));
    print_line("file", fmt::format("{:.2f} MB", static_cast<double>(std::filesystem::file_size(path)) / 1e6));
    for (const auto& [key, value] : card.training.items())
        print_line("training",
                   fmt::format("{}: {}", key, value.is_string() ? value.get<std::string>() : value.dump()));
}

void print_json(const person::Person& person, const std::string& path) {
    nlohmann::json json{{"card", person::to_json(person.card)},
                        {"model", models::to_json(person.model)},
                        {"fps_num", person.fps_num},
                        {"fps_den", person.fps_den},
                        {"can_speak", person.can_speak()},
                        {"file_bytes", std::filesystem::file_size(path)}};
    for (const auto& [name, size] : network_sizes(person.weights))
        json["networks"][name] = {{"values", size.values}, {"bytes", size.bytes}};
    fmt::print("{}\n", json.dump(1));
}

}  // namespace

void add_info_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("info", "Show what a person file holds");
    command->add_option("person", arguments->person, "Person file")->type_name("FILE.vultus")->required();
    command->add_flag("--json", arguments->json, "As JSON");
    command->callback([arguments] {
        const person::Person person = person::load_person(arguments->person);
        arguments->json ? print_json(person, arguments->person) : print_person(person, arguments->person);
    });
}

}  // namespace vultus::cli
