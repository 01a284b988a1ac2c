// Long work in child processes of the same program, each in a folder of its own that survives a restart.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/out_queue.h"
#include "serving/persons.h"

namespace vultus::serving {

struct JobStoreOptions {
    std::filesystem::path program;    ///< vultus
    std::filesystem::path folder;     ///< jobs/ and uploads/ come to lie here
    std::vector<std::string> voices;  ///< that a request may name, beside the installed ones
    double voice_limit_s = 60;
};

/// Jobs run one after another, at low priority, so that live sessions keep their time. After a restart those
/// that were not finished begin again; what is resumable (learn, train, prepare) goes on where it was.
/// Threads  any.
class JobStore {
  public:
    JobStore(JobStoreOptions options, PersonLibrary& persons);
    /// Interrupts what runs, as Ctrl-C does, and waits for it; a later JobStore goes on with it.
    ~JobStore();
    JobStore(const JobStore&) = delete;
    JobStore& operator=(const JobStore&) = delete;

    /// request: {"kind": "talk"|"prepare"|"train"|"learn"|"eval", ...} as docs/server.md has it. Returns the
    /// job. Errors: kInvalidArgument, kIo.
    nlohmann::json create(const nlohmann::json& request);
    nlohmann::json list() const;
    /// {id, kind, state: waiting|running|done|failed|cancelled, step, progress 0..1, seconds_left, message,
    /// results, previews, ...}; null when there is none.
    nlohmann::json describe(const std::string& id) const;
    /// A job that runs is cancelled, one that has ended deleted with its files. False: there is none.
    bool remove(const std::string& id);
    /// A file of `results` or `previews`; empty when it is none of them.
    std::filesystem::path file(const std::string& id, const std::string& name) const;
    /// Gets the job's JSON as a server-sent event, now and whenever it changes; ends with the job.
    bool watch(const std::string& id, const std::shared_ptr<http::OutQueue>& watcher);

    /// Where an upload of that name is to be written, in a folder of its own, whose name is its id.
    std::filesystem::path new_upload(const std::string& name) const;
    /// Empty when there is none.
    std::filesystem::path upload(const std::string& id) const;
    int num_unfinished() const;

  private:
    struct Job;
    using Arguments = std::vector<std::string>;

    Arguments arguments_of(const Job& job) const;
    void load_all();
    void save(const Job& job) const;
    nlohmann::json describe_locked(const Job& job) const;
    void work();
    void run(std::unique_lock<std::mutex>& lock, Job& job);
    void read_progress(Job& job) const;
    void finish(Job& job, int exit_code);
    void tell(Job& job);
    std::filesystem::path folder_of(const std::string& id) const;

    const JobStoreOptions options_;
    PersonLibrary& persons_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::unique_ptr<Job>> jobs_;
    std::int64_t next_number_ = 1;
    bool stop_ = false;
    std::thread worker_;
};

}  // namespace vultus::serving
