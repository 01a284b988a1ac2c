// Two processes that train together learn what one process with the joined batch learns.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cmath>

#include "base/output_file.h"
#include "corpus/tiny_corpus_testonly.h"
#include "run_program_testonly.h"
#include "tensor/archive.h"

namespace vultus {
namespace {

using test::Finished;
using test::Program;

class TwoProcesses : public testing::Test {
  protected:
    /// A port that nobody listens on now.
    static int free_port() {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
        socklen_t length = sizeof address;
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
        ::close(socket);
        return ntohs(address.sin_port);
    }

    std::vector<std::string> arguments(const std::string& name, int batch, const std::string& stage) {
        return {tiny_.corpus.folder,
                "-o",
                (scratch_ / (name + ".vultus")).string(),
                "--batch",
                std::to_string(batch),
                "--steps",
                "4",
                "--threads",
                "1",
                "--stage",
                stage,
                "--seed",
                "5"};
    }

    static std::vector<std::string> with(std::vector<std::string> words,
                                         const std::vector<std::string>& more) {
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    static Program::Options as_rank(int rank, int size, int port) {
        return {{"MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + std::to_string(port),
                 "WORLD_SIZE=" + std::to_string(size), "RANK=" + std::to_string(rank)}};
    }

    std::filesystem::path state(const std::string& name, const std::string& file) {
        return scratch_ / (name + ".vultus.training") / file;
    }

    /// Second column of the last row of the CSV: the mean loss of the steps.
    double last_loss(const std::string& name) {
        const std::string csv = read_file(state(name, "dae-losses.csv"));
        const std::size_t row = csv.rfind('\n', csv.size() - 2) + 1;
        return std::stod(csv.substr(csv.find(',', row) + 1));
    }

    /// Two ranks to their end, batch 2 each.
    std::vector<Finished> run_pair(const char* name, const char* stage,
                                   const std::vector<std::string>& more = {}) {
        const int port = free_port();
        const std::vector<std::string> words = with(arguments(name, 2, stage), more);
        Program first("vultus-train", words, as_rank(0, 2, port));
        Program second("vultus-train", words, as_rank(1, 2, port));
        Finished first_end = first.wait();
        return {first_end, second.wait()};
    }

    void expect_equal_to_joined_batch(const std::vector<std::string>& more) {
        const Finished one = test::run("vultus-train", with(arguments("one", 4, "dae"), more));
        ASSERT_EQ(one.exit_code, 0) << one.err;
        for (const Finished& end : run_pair("two", "dae", more)) ASSERT_EQ(end.exit_code, 0) << end.err;

        EXPECT_NEAR(last_loss("two"), last_loss("one"), 1e-4);
        const Archive a = load_archive(state("one", "dae.safetensors"));
        const Archive b = load_archive(state("two", "dae.safetensors"));
        EXPECT_EQ(a.metadata.at("step"), b.metadata.at("step"));
        ASSERT_EQ(a.tensors.size(), b.tensors.size());
        // Weights move little in four steps, so the moments are compared too: the first is the mean gradient.
        double squares = 0, error = 0;
        for (const auto& [name, tensor] : a.tensors) {
            const std::vector<float> x = tensor.to_f32(), y = b.at(name).to_f32();
            ASSERT_EQ(x.size(), y.size()) << name;
            for (std::size_t i = 0; i < x.size(); ++i) {
                ASSERT_NEAR(x[i], y[i], 1e-4 * (1 + std::abs(x[i]))) << name << " " << i;
                if (name.rfind("adam.first.", 0) != 0) continue;
                squares += static_cast<double>(x[i]) * x[i];
                error += static_cast<double>(x[i] - y[i]) * (x[i] - y[i]);
            }
        }
        EXPECT_GT(squares, 1e-4) << "nothing was learnt, so nothing was compared";
        EXPECT_LT(std::sqrt(error / squares), 0.02) << "of the gradients; bf16 sums in another order";
    }

    ScratchFolder scratch_{"two-processes-test"};
    corpus::TinyCorpus tiny_{scratch_ / "tiny.corpus"};
};

TEST_F(TwoProcesses, EqualOneWithTheJoinedBatch) { expect_equal_to_joined_batch({}); }

TEST_F(TwoProcesses, EqualOneWithTheJoinedBatchAndTheCritic) {
    expect_equal_to_joined_batch({"--critic-weight", "0.5", "--freeze-encoder-at", "0.2"});
}

TEST_F(TwoProcesses, WholeRunTogether) {
    for (const Finished& end : run_pair("both", "all")) EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_TRUE(std::filesystem::exists(scratch_ / "both.vultus"));
}

/// Two processes in the middle of a long run.
struct LongRun {
    LongRun(std::vector<std::string> arguments, const std::filesystem::path& checkpoint, int port,
            Program::Options (*as_rank)(int, int, int))
        : first("vultus-train", with_budget(arguments), as_rank(0, 2, port)),
          second("vultus-train", with_budget(arguments), as_rank(1, 2, port)),
          going(first.wait_for([&] { return std::filesystem::exists(checkpoint); })) {}

    static std::vector<std::string> with_budget(std::vector<std::string> arguments) {
        const auto steps = std::find(arguments.begin(), arguments.end(), "--steps");
        steps[0] = "--budget";
        steps[1] = "10min";
        arguments.insert(arguments.end(), {"--checkpoint-every", "0.1s"});
        return arguments;
    }
    Program first, second;
    bool going;
};

TEST_F(TwoProcesses, StopTogether) {
    for (const std::string name : {"first", "second"}) {
        LongRun run(arguments(name, 2, "all"), state(name, "dae.safetensors"), free_port(), &as_rank);
        ASSERT_TRUE(run.going) << run.first.said_so_far() << run.second.said_so_far();
        (name == "first" ? run.first : run.second).signal(SIGTERM);
        EXPECT_EQ(run.first.wait(60).exit_code, 130);
        EXPECT_EQ(run.second.wait(60).exit_code, 130);
        EXPECT_FALSE(std::filesystem::exists(scratch_ / (name + ".vultus")));
    }
}

TEST_F(TwoProcesses, OneThatDiesEndsTheOther) {
    LongRun run(arguments("dead", 2, "dae"), state("dead", "dae.safetensors"), free_port(), &as_rank);
    ASSERT_TRUE(run.going) << run.first.said_so_far() << run.second.said_so_far();
    run.second.signal(SIGKILL);
    const Finished end = run.first.wait(60);
    EXPECT_EQ(end.exit_code, 1);
    ASSERT_EQ(end.complaints().size(), 1u) << end.err;
    EXPECT_NE(end.complaints()[0].find("other processes"), std::string::npos) << end.err;
    EXPECT_NO_THROW(load_archive(state("dead", "dae.safetensors")));
}

TEST_F(TwoProcesses, WrongVariablesAreRefused) {
    const auto refused = [&](std::vector<std::string> environment, const std::string& says) {
        Program program("vultus-train", arguments("bad", 2, "dae"), {std::move(environment)});
        const Finished end = program.wait(60);
        EXPECT_EQ(end.exit_code, 1) << end.err;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find(says), std::string::npos) << end.err;
    };
    refused({"WORLD_SIZE=2"}, "RANK");
    refused({"WORLD_SIZE=2", "RANK=2"}, "RANK: expected 0 to 1");
    refused({"WORLD_SIZE=two", "RANK=0"}, "WORLD_SIZE");
    refused({"WORLD_SIZE=2", "RANK=0", "MASTER_PORT=99999", "MASTER_ADDR=127.0.0.1"}, "MASTER_PORT");
    refused({"WORLD_SIZE=2", "RANK=0", "MASTER_PORT=29500"}, "MASTER_ADDR");
}

}  // namespace
}  // namespace vultus
