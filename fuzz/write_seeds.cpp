// What the fuzzers start from: write_seeds FOLDER makes a folder in it for each of them.
#include <cstdio>
#include <filesystem>
#include <string>

#include "api/write_tiny_person_testonly.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "serving/fuzz_requests_testonly.h"
#include "tensor/gzip.h"

namespace {

void write_texts(const std::filesystem::path& folder) {
    const char* const texts[] = {
        "@Dr. Smith paid $5.50 (laughs) at 12:30 for 2,000 C++ books on May 5th: https://a.b/c?d=e",
        "AAm 1. Mai 2024 um 12:30 kostet es -5,50 \u20AC, d. h. 50 % von 1.234,5 km/h.",
        "C\u4F60\u597D\uFF0C2024\u5E7450%\u3002", "D\u7686\u3055\u3093\u3001\u3053\u3093\u306B\u3061\u306F",
        "@1\n00:00:00,100 --> 00:00:00,500\n<b>hello</b> [music]\n"};
    const char* const times[] = {
        R"({"words":[{"word":"hello","start":0.1,"end":0.5,"phonemes":"h\u0259"},{"phone":"AY","start":0.5,"end":0.9}]})",
        R"([{"AudioOffset":0,"VisemeId":0},{"AudioOffset":1000000,"VisemeId":21}])",
        R"({"sample_rate":16000,"phoneme_alignments":[{"phoneme":"h","num_samples":1600}]})",
        R"({"characters":["h","i"],"character_start_times_seconds":[0,1],"character_end_times_seconds":[1,2]})",
        R"({"words":["hi"],"wtimes":[100],"wdurations":[400],"visemes":["aa"],"vtimes":[0],"vdurations":[100]})",
        "{\"time\":0,\"type\":\"viseme\",\"value\":\"p\"}\n",
        "WEBVTT\n\n00:00.100 --> 00:00.500 align:start\nhello\n",
        "File type = \"ooTextFile\"\n0 1 <exists> 1 \"IntervalTier\" \"words\" 0 1 2 0 0.5 \"a\" 0.5 1 "
        "\"b\"\n",
        "start end label\n0.1 0.5 hello\n0.5 0.9 AA\n"};
    for (const char* name : {"text", "given_times"}) std::filesystem::create_directories(folder / name);
    int number = 0;
    for (const char* text : texts)
        vultus::write_file(folder / "text" / ("seed-" + std::to_string(number++)), text);
    for (const char* file : times)
        vultus::write_file(folder / "given_times" / ("seed-" + std::to_string(number++)), file);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "write_seeds: expected a folder\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder / "person");
    std::filesystem::create_directories(folder / "calls");
    write_texts(folder);
    std::filesystem::create_directories(folder / "requests");
    for (const std::string& seed : vultus::serving::request_seeds())
        vultus::write_file(
            folder / "requests" / ("seed-" + std::to_string(&seed - vultus::serving::request_seeds().data())),
            seed);
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
