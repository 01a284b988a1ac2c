#include "rendering/origin.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "media/video_reader.h"

namespace vultus::rendering {
namespace {

constexpr const char* kBegin = "Synthetic video, made with Vultus from the person file ";
constexpr const char* kType =
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/// What stands between "; what: " and the next of our fields, or the end.
std::string field_of(const std::string& note, const std::string& what) {
    const std::string name = "; " + what + ": ";
    const std::size_t at = note.find(name);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size();
    std::size_t end = note.size();
    for (const char* next : {"; licence: ", "; attribution: ", "; digital source type: "})
        end = std::min(end, note.find(next, begin));
    return note.substr(begin, end - begin);
}

}  // namespace

std::string origin_note(const person::Card& card, const std::filesystem::path& person) {
    std::string note = kBegin + person.filename().string();
    const auto add = [&](const char* what, const std::string& value) {
        if (!value.empty()) note += fmt::format("; {}: {}", what, value);
    };
    add("person", card.name);
    add("licence", card.licence);
    add("attribution", card.attribution);
    add("digital source type", kType);
    return note;
}

OriginNote read_origin_note(const std::string& comment) {
    OriginNote note;
    note.synthetic = comment.starts_with(kBegin);
    if (!note.synthetic) return note;
    const std::size_t begin = std::strlen(kBegin);
    std::size_t end = comment.size();
    for (const char* next : {"; person: ", "; licence: ", "; attribution: ", "; digital source type: "})
        end = std::min(end, comment.find(next, begin));
    note.person_file = comment.substr(begin, end - begin);
    note.person = field_of(comment, "person");
    note.licence = field_of(comment, "licence");
    note.attribution = field_of(comment, "attribution");
    return note;
}

void require_owner(const std::filesystem::path& person) {
    struct stat status;
    if (::stat(person.c_str(), &status) != 0)
        fail(ErrorCode::kIo, "[origin] {}: {}", person.string(), std::strerror(errno));
    if (status.st_uid != ::geteuid())
        fail(ErrorCode::kInvalidArgument,
             "[origin] no mark: expected {} to belong to you (user {}), it belongs to user {}",
             person.string(), ::geteuid(), status.st_uid);
}

Origin find_origin(const std::filesystem::path& video) {
    media::VideoReader reader(video);
    Origin origin;
    origin.comment = reader.comment();
    origin.note = read_origin_note(origin.comment);
    marking::MarkDetector detector(reader.width(), reader.height());
    Progress progress("verify", "frames", 0);
    media::Image image;
    std::int64_t num_frames = 0;
    while (reader.read(image)) {
        throw_if_cancelled();
        detector.add(image.rgb.data(), static_cast<double>(num_frames++) / reader.fps());
        progress.update(num_frames);
    }
    origin.seconds = static_cast<double>(num_frames) / reader.fps();
    origin.mark = detector.find();
    return origin;
}

}  // namespace vultus::rendering
