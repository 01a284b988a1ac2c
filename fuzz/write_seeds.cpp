// What the fuzzers start from: write_seeds FOLDER makes FOLDER/person and FOLDER/calls.
#include <cstdio>
#include <filesystem>
#include <string>

#include "api/write_tiny_person_testonly.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "tensor/gzip.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "write_seeds: expected a folder\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder / "person");
    std::filesystem::create_directories(folder / "calls");
    const std::filesystem::path whole = folder / "whole.vultus";
    write_tiny_person(whole.string());
    const std::string bytes = vultus::gunzip(vultus::read_file(whole), "seed");
    std::filesystem::remove(whole);
    std::size_t header = 0;
    for (std::size_t i = 0; i < 8; ++i)
        header |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    vultus::write_file(folder / "person" / "seed", bytes.substr(8, header));
    vultus::Rng rng(1);
    for (int i = 0; i < 8; ++i) {
        std::string calls;
        for (int k = 0; k < 400; ++k) calls.push_back(static_cast<char>(rng.next()));
        vultus::write_file(folder / "calls" / ("seed-" + std::to_string(i)), calls);
    }
}
