#include "speaking/decode_workers.h"

#include <algorithm>
#include <future>
#include <thread>

namespace vultus::speaking {
namespace {

constexpr int kMostWorkers = 8;

int cores() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

TalkerOptions on_one_thread(TalkerOptions options) {
    options.num_threads = 1;
    return options;
}

}  // namespace

DecodeWorkers::DecodeWorkers(person::Person person, TalkerOptions options, int count)
    : DecodeWorkers(std::make_unique<Talker>(std::move(person), on_one_thread(options)),
                    on_one_thread(options), count) {}

DecodeWorkers::DecodeWorkers(const Talker& other, TalkerOptions options, int count)
    : DecodeWorkers(std::make_unique<Talker>(other, on_one_thread(options)), on_one_thread(options), count) {}

DecodeWorkers::DecodeWorkers(std::unique_ptr<Talker> first, const TalkerOptions& options, int count) {
    const int workers = count > 0 ? count : std::min(kMostWorkers, cores());
    talkers_.push_back(std::move(first));
    while (static_cast<int>(talkers_.size()) < workers)
        talkers_.push_back(std::make_unique<Talker>(talker(), options));
}

void DecodeWorkers::decode(const std::vector<float>& latents,
                           const std::function<void(const std::vector<std::uint8_t>&)>& show) {
    const auto width = static_cast<std::size_t>(talker().latent_dim());
    const std::size_t count = latents.size() / width, workers = talkers_.size();
    const auto bytes = static_cast<std::size_t>(3) * talker().size_px() * talker().size_px();
    pictures_.resize(std::max(pictures_.size(), count));
    const auto work = [&](std::size_t worker) {
        for (std::size_t i = worker; i < count; i += workers) {
            pictures_[i].resize(bytes);
            talkers_[worker]->decode(&latents[i * width], pictures_[i].data());
        }
    };
    std::vector<std::future<void>> others;
    for (std::size_t worker = 1; worker < std::min(workers, count); ++worker)
        others.push_back(std::async(std::launch::async, work, worker));
    work(0);
    for (std::future<void>& other : others) other.get();
    for (std::size_t i = 0; i < count; ++i) show(pictures_[i]);
}

}  // namespace vultus::speaking
