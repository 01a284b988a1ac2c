#include "serving/jobs.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/output_file.h"
#include "serving/job_arguments.h"
#include "serving/job_progress.h"
#include "voices/voice.h"

extern char** environ;

namespace vultus::serving {
namespace {

namespace fs = std::filesystem;

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr std::size_t kMostJobs = 1000;
constexpr int kNice = 10, kCancelledCode = 130;
constexpr std::size_t kWatcherBytes = 1u << 20;

bool has_ended(const std::string& state) {
    return state == "done" || state == "failed" || state == "cancelled";
}

std::string now_text() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

/// Ids of the uploads that a request names.
std::vector<std::string> uploads_of(const nlohmann::json& request) {
    std::vector<std::string> ids;
    const auto add = [&](const nlohmann::json& id) {
        if (id.is_string() && is_id(id.get<std::string>())) ids.push_back(id);
    };
    if (request.contains("upload")) add(request.at("upload"));
    if (request.contains("uploads") && request.at("uploads").is_array())
        for (const auto& id : request.at("uploads")) add(id);
    return ids;
}

const std::set<std::string> kPreviews = {".png"};
const std::set<std::string> kResults = {".mp4", ".webm", ".mkv", ".mov", ".vultus", ".html", ".json"};

}  // namespace

struct JobStore::Job {
    std::string id, state = "waiting", step, message;
    std::int64_t number = 0;
    nlohmann::json request;
    std::string created, ended;
    std::vector<std::string> left_out;
    double progress = 0, seconds_left = -1;
    pid_t pid = 0;
    bool cancel = false;
    std::vector<std::weak_ptr<http::OutQueue>> watchers;
    std::string told;  ///< to the watchers
};

JobStore::JobStore(JobStoreOptions options, PersonLibrary& persons)
    : options_(std::move(options)), persons_(persons) {
    fs::create_directories(options_.folder / "jobs");
    fs::create_directories(options_.folder / "uploads");
    for (const auto& entry : fs::directory_iterator(options_.folder / "uploads")) {
        std::error_code ignored;
        fs::remove(entry.path(), ignored);  // one that broke off: its folder is empty
    }
    load_all();
    worker_ = std::thread([this] { work(); });
}

JobStore::~JobStore() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    worker_.join();
}

fs::path JobStore::folder_of(const std::string& id) const { return options_.folder / "jobs" / id; }

fs::path JobStore::new_upload(const std::string& name) const {
    // The name shows in contact sheets; nothing of it can be a path.
    std::string plain;
    for (const char c : name)
        plain += (std::isalnum(static_cast<unsigned char>(c)) && c > 0) || c == '-' || c == '.' ? c : '_';
    while (!plain.empty() && plain[0] == '.') plain.erase(0, 1);
    if (plain.size() > 80) plain.erase(0, plain.size() - 80);
    const fs::path folder = options_.folder / "uploads" / new_id();
    fs::create_directories(folder);
    return folder / (plain.empty() ? "upload" : plain);
}

fs::path JobStore::upload(const std::string& id) const {
    if (!is_id(id)) return {};
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(options_.folder / "uploads" / id, ignored))
        return entry.path();
    return {};
}

JobStore::Arguments JobStore::arguments_of(const Job& job) const {
    JobPlaces places;
    places.folder = folder_of(job.id);
    places.voice_limit_s = options_.voice_limit_s;
    places.person = [this](const std::string& id) { return persons_.path_of(id); };
    places.upload = [this](const std::string& id) { return upload(id); };
    places.corpus_of_job = [this](const std::string& id) {
        for (const char* name : {"corpus/corpus.json"})
            if (fs::exists(folder_of(id) / name)) return (folder_of(id) / name).parent_path();
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(folder_of(id), ignored))
            if (entry.path().extension() == ".corpus") return entry.path();
        return fs::path();
    };
    places.is_voice = [this](const std::string& name) {
        if (std::find(options_.voices.begin(), options_.voices.end(), name) != options_.voices.end())
            return true;
        const auto all = voices::installed_voices();
        return std::any_of(all.begin(), all.end(),
                           [&](const voices::VoiceInfo& voice) { return voice.name == name; });
    };
    return job_arguments(job.request, places);
}

void JobStore::load_all() {
    for (const auto& entry : fs::directory_iterator(options_.folder / "jobs")) {
        const fs::path file = entry.path() / "job.json";
        if (!fs::exists(file)) continue;
        const auto json = nlohmann::json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
        if (!json.is_object() || !json.contains("request")) continue;
        auto job = std::make_unique<Job>();
        job->id = entry.path().filename().string();
        job->request = json.at("request");
        job->state = json.value("state", "waiting");
        job->number = json.value("number", std::int64_t{0});
        job->created = json.value("created", "");
        job->ended = json.value("ended", "");
        job->message = json.value("message", "");
        job->progress = json.value("progress", 0.0);
        const pid_t pid = json.value("pid", 0);
        if (job->state == "running") {
            // A server that was killed left its child: it ends, and begins again as ours.
            std::ifstream command(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
            std::stringstream text;
            text << command.rdbuf();
            if (pid > 0 && text.str().find(job->id) != std::string::npos) {
                ::kill(-pid, SIGINT);
                for (int i = 0; i < 150 && ::kill(-pid, 0) == 0; ++i) std::this_thread::sleep_for(kPoll);
            }
            job->state = "waiting";
        }
        next_number_ = std::max(next_number_, job->number + 1);
        jobs_[job->id] = std::move(job);
    }
}

void JobStore::save(const Job& job) const {
    write_file(folder_of(job.id) / "job.json", nlohmann::json{{"request", job.request},
                                                              {"state", job.state},
                                                              {"number", job.number},
                                                              {"created", job.created},
                                                              {"ended", job.ended},
                                                              {"message", job.message},
                                                              {"progress", job.progress},
                                                              {"pid", job.pid}}
                                                   .dump());
}

nlohmann::json JobStore::create(const nlohmann::json& request) {
    auto job = std::make_unique<Job>();
    job->id = new_id();
    job->request = request;
    job->created = now_text();
    fs::create_directories(folder_of(job->id));
    try {
        (void)arguments_of(*job);
    } catch (...) {
        std::error_code ignored;
        fs::remove_all(folder_of(job->id), ignored);
        throw;
    }
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= kMostJobs) {
        std::error_code ignored;
        fs::remove_all(folder_of(job->id), ignored);
        fail(ErrorCode::kInvalidArgument, "[server] expected at most {} jobs: delete old ones", kMostJobs);
    }
    job->number = next_number_++;
    save(*job);
    const nlohmann::json described = describe_locked(*job);
    jobs_[job->id] = std::move(job);
    changed_.notify_all();
    return described;
}

nlohmann::json JobStore::describe_locked(const Job& job) const {
    nlohmann::json json{{"id", job.id},
                        {"kind", job.request.value("kind", "")},
                        {"number", job.number},
                        {"state", job.state},
                        {"created", job.created},
                        {"ended", job.ended},
                        {"step", job.step},
                        {"progress", job.progress},
                        {"message", job.message},
                        {"seconds_left", nullptr},
                        {"person", nullptr},
                        {"left_out", job.left_out},
                        {"results", nlohmann::json::array()},
                        {"previews", nlohmann::json::array()}};
    if (job.seconds_left >= 0) json["seconds_left"] = job.seconds_left;
    for (const char* name : {"id", "person"})
        if (job.request.contains(name)) json["person"] = job.request.at(name);
    const auto links = [&](const std::vector<std::string>& names) {
        nlohmann::json list = nlohmann::json::array();
        for (const std::string& name : names)
            list.push_back({{"name", name}, {"url", "/v1/jobs/" + job.id + "/files/" + name}});
        return list;
    };
    if (job.state == "done") json["results"] = links(files_of(folder_of(job.id), kResults));
    if (job.state != "waiting") json["previews"] = links(files_of(folder_of(job.id), kPreviews));
    return json;
}

nlohmann::json JobStore::describe(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nlohmann::json() : describe_locked(*found->second);
}

nlohmann::json JobStore::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<const Job*> order;
    for (const auto& [id, job] : jobs_) order.push_back(job.get());
    std::sort(order.begin(), order.end(), [](const Job* a, const Job* b) { return a->number > b->number; });
    nlohmann::json result = nlohmann::json::array();
    for (const Job* job : order) result.push_back(describe_locked(*job));
    return result;
}

bool JobStore::remove(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return false;
    Job& job = *found->second;
    if (has_ended(job.state)) {
        std::error_code ignored;
        const std::vector<std::string> uploads = uploads_of(job.request);
        fs::remove_all(folder_of(id), ignored);
        jobs_.erase(found);
        for (const std::string& upload : uploads)
            if (std::none_of(jobs_.begin(), jobs_.end(), [&](const auto& other) {
                    const auto needed = uploads_of(other.second->request);
                    return std::find(needed.begin(), needed.end(), upload) != needed.end();
                }))
                fs::remove_all(options_.folder / "uploads" / upload, ignored);
        return true;
    }
    job.cancel = true;
    if (job.state == "waiting") finish(job, kCancelledCode);
    return true;
}

fs::path JobStore::file(const std::string& id, const std::string& name) const {
    const std::lock_guard lock(mutex_);
    if (!jobs_.contains(id)) return {};
    for (const std::set<std::string>& kind : {kResults, kPreviews}) {
        const auto names = files_of(folder_of(id), kind);
        if (std::find(names.begin(), names.end(), name) != names.end()) return folder_of(id) / name;
    }
    return {};
}

bool JobStore::watch(const std::string& id, const std::shared_ptr<http::OutQueue>& watcher) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return false;
    watcher->push(http::text_part("data: " + describe_locked(*found->second).dump() + "\n\n"));
    if (has_ended(found->second->state))
        watcher->finish();
    else
        found->second->watchers.push_back(watcher);
    return true;
}

int JobStore::num_unfinished() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(jobs_.begin(), jobs_.end(),
                                          [](const auto& entry) { return !has_ended(entry.second->state); }));
}

void JobStore::tell(Job& job) {
    std::erase_if(job.watchers,
                  [](const auto& watcher) { return watcher.expired() || watcher.lock()->closed(); });
    if (job.watchers.empty()) return;
    const std::string text = describe_locked(job).dump();
    if (text == job.told) return;
    job.told = text;
    for (const auto& weak : job.watchers)
        if (const auto watcher = weak.lock()) {
            watcher->push(http::text_part("data: " + text + "\n\n"));
            if (has_ended(job.state)) watcher->finish();
        }
}

void JobStore::work() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
        Job* next = nullptr;
        for (const auto& [id, job] : jobs_)
            if (job->state == "waiting" && (!next || job->number < next->number)) next = job.get();
        if (next)
            run(lock, *next);
        else
            changed_.wait(lock);
    }
}

void JobStore::run(std::unique_lock<std::mutex>& lock, Job& job) {
    int exit_code = 1;
    try {
        Arguments arguments = arguments_of(job);
        arguments.insert(arguments.begin(), options_.program.string());
        const fs::path log = folder_of(job.id) / "log.txt";
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        std::vector<char*> list, environment;
        for (std::string& argument : arguments) list.push_back(argument.data());
        list.push_back(nullptr);
        std::string often = "VULTUS_PROGRESS_S=0.5";
        for (char** entry = environ; *entry; ++entry) environment.push_back(*entry);
        environment.push_back(often.data());
        environment.push_back(nullptr);
        const int error =
            ::posix_spawn(&job.pid, list[0], &actions, &attributes, list.data(), environment.data());
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (error != 0)
            fail(ErrorCode::kIo, "[server] {}: cannot start: {}", arguments[0], std::strerror(error));
    } catch (const Error& error) {
        job.pid = 0;
        job.message = error.what();
        finish(job, exit_code);
        return;
    }
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(job.pid), kNice);
    job.state = "running";
    save(job);
    bool interrupted = false;
    for (int status = 0;;) {
        lock.unlock();
        std::this_thread::sleep_for(kPoll);
        lock.lock();
        if (::waitpid(job.pid, &status, WNOHANG) == job.pid) {
            exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            break;
        }
        if ((job.cancel || stop_) && !interrupted) ::kill(-job.pid, SIGINT);
        interrupted = job.cancel || stop_;
        read_progress(job);
        tell(job);
    }
    job.pid = 0;
    if (stop_ && !job.cancel && exit_code != 0) {  // the next server goes on
        job.state = "waiting";
        save(job);
        return;
    }
    read_progress(job);
    finish(job, exit_code);
}

void JobStore::read_progress(Job& job) const {
    JobProgress now = read_job_log(folder_of(job.id) / "log.txt");
    job.progress = std::max(job.progress, now.progress);
    job.seconds_left = now.seconds_left;
    job.step = std::move(now.step);
    job.message = std::move(now.message);
    job.left_out = std::move(now.left_out);
}

void JobStore::finish(Job& job, int exit_code) {
    job.ended = now_text();
    job.seconds_left = -1;
    job.state = exit_code == 0 ? "done" : job.cancel || exit_code == kCancelledCode ? "cancelled" : "failed";
    if (exit_code == 0) {
        job.progress = 1;
        const std::string kind = job.request.value("kind", "");
        const std::string id = job.request.value("id", "");
        if (kind == "learn" || kind == "train") {
            try {
                OutputFile out(persons_.folder() / (id + ".vultus"));
                fs::copy_file(folder_of(job.id) / (id + ".vultus"), out.temporary(),
                              fs::copy_options::overwrite_existing);
                out.commit();
            } catch (const std::exception& error) {
                job.state = "failed";
                job.message = error.what();
            }
        }
    }
    save(job);
    tell(job);
}

}  // namespace vultus::serving
