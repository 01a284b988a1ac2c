#include "serving/persons.h"

#include <sys/random.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "media/image.h"
#include "speaking/live_session.h"

namespace vultus::serving {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostOpen = 3;  ///< persons whose weights stay in memory though nobody uses them

nlohmann::json describe(const std::string& id, const person::Person& person, std::uintmax_t num_bytes) {
    return {{"id", id},
            {"name", person.card.name},
            {"source", person.card.source},
            {"licence", person.card.licence},
            {"attribution", person.card.attribution},
            {"consent", person.card.consent},
            {"date", person.card.date},
            {"size_px", person.model.unet.size_px},
            {"fps", person.fps()},
            {"can_speak", person.can_speak()},
            {"bytes", num_bytes},
            {"picture", "/v1/persons/" + id + "/picture"}};
}

std::string png_of(const media::Image& image) {
    const ScratchFolder scratch("picture-" + new_id());
    media::write_png(scratch / "picture.png", image);
    return read_file(scratch / "picture.png");
}

/// What this thread has had of a core: what else runs beside it does not count.
double thread_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

/// Draws some frames: the first is the thumbnail, the fastest of the rest tells how many hold.
void try_out(OpenPerson& person) {
    const auto shared = std::make_shared<speaking::SharedTalker>(*person.talker, speaking::TalkerOptions{});
    const int size_px = person.talker->size_px();
    speaking::LiveFrame frame;
    speaking::LiveSession session(shared, {});
    person.frame_ms = 1e9;
    for (int i = 0; i < 10; ++i) {
        const double begin_ms = thread_ms();
        session.pull(speaking::LiveSession::Missing::kSilence, frame);
        if (i > 0) person.frame_ms = std::min(person.frame_ms, thread_ms() - begin_ms);
    }
    media::Image image(size_px, size_px);
    image.rgb = frame.rgb;
    person.picture_png = png_of(image);
}

}  // namespace

bool is_id(const std::string& text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return (std::isalnum(c) && c < 0x80) || c == '-' || c == '_';
    });
}

std::string new_id() {
    unsigned char bytes[16];
    if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        fail(ErrorCode::kIo, "[server] the system gives no random numbers");
    std::string id;
    for (const unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
    return id;
}

PersonLibrary::PersonLibrary(const std::vector<fs::path>& given, fs::path folder)
    : given_(given), folder_(std::move(folder)) {
    fs::create_directories(folder_);
    std::map<std::string, fs::path> seen;
    for (const fs::path& file : given_) {
        const std::string id = file.stem().string();
        if (!is_id(id))
            fail(ErrorCode::kInvalidArgument, "[server] {}: expected a name of letters, digits, - and _",
                 file.string());
        if (!seen.emplace(id, file).second)
            fail(ErrorCode::kInvalidArgument, "[server] two persons are called {}", id);
        if (!fs::exists(file)) fail(ErrorCode::kIo, "[server] {}: no such file", file.string());
    }
}

std::map<std::string, fs::path> PersonLibrary::files() {
    std::map<std::string, fs::path> all;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_, ignored))
        if (entry.path().extension() == ".vultus" && is_id(entry.path().stem().string()))
            all[entry.path().stem().string()] = entry.path();
    for (const fs::path& file : given_) all[file.stem().string()] = file;
    return all;
}

fs::path PersonLibrary::path_of(const std::string& id) {
    const auto all = files();
    const auto found = all.find(id);
    return found == all.end() ? fs::path() : found->second;
}

nlohmann::json PersonLibrary::list() {
    nlohmann::json result = nlohmann::json::array();
    for (const auto& [id, path] : files()) {
        std::error_code error;
        const auto time = fs::last_write_time(path, error);
        const std::lock_guard lock(mutex_);
        auto& [known, card] = cards_[id];
        if (card.is_null() || known != time) {
            try {
                card = describe(id, person::load_person(path), fs::file_size(path));
                known = time;
            } catch (const Error&) {
                continue;  // a file that is no person (any more) hides no other
            }
        }
        result.push_back(card);
    }
    return result;
}

std::shared_ptr<OpenPerson> PersonLibrary::open(const std::string& id) {
    const fs::path path = path_of(id);
    if (path.empty()) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto time = fs::last_write_time(path);
    const auto found =
        std::find_if(open_.begin(), open_.end(), [&](const auto& person) { return person->id == id; });
    if (found != open_.end()) {
        const std::shared_ptr<OpenPerson> person = *found;
        open_.erase(found);
        if (person->time == time) {
            open_.push_front(person);
            return person;
        }
    }
    person::Person person = person::load_person(path);
    cards_[id] = {time, describe(id, person, fs::file_size(path))};
    auto opened = std::make_shared<OpenPerson>();
    opened->id = id;
    opened->path = path;
    opened->time = time;
    opened->talker = std::make_unique<speaking::Talker>(std::move(person), speaking::TalkerOptions{});
    if (opened->talker->person().can_speak()) try_out(*opened);
    pictures_[id] = {time, opened->picture_png};
    open_.push_front(opened);
    if (open_.size() > kMostOpen) open_.pop_back();
    return opened;
}

std::string PersonLibrary::picture(const std::string& id) {
    const fs::path path = path_of(id);
    if (path.empty()) return "";
    {
        const std::lock_guard lock(mutex_);
        const auto found = pictures_.find(id);
        if (found != pictures_.end() && found->second.first == fs::last_write_time(path))
            return found->second.second;
    }
    const auto person = open(id);
    return person ? person->picture_png : "";
}

}  // namespace vultus::serving
