#include "rendering/origin.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "media/video_reader.h"

namespace vultus::rendering {
namespace {

constexpr const char* kBegin = "Synthetic video, made with Vultus from the person file ";
constexpr const char* kType =
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

// The note's fields, as they follow the person file: "BEGIN me.vultus; person: ...; licence: ...".
constexpr const char *kPerson = "person", *kLicence = "licence", *kAttribution = "attribution",
                     *kSourceType = "digital source type";

std::string label(const char* field) { return fmt::format("; {}: ", field); }

/// What stands from `begin` to the next of these fields, or the end.
std::string until(const std::string& note, std::size_t begin, std::initializer_list<const char*> fields) {
    std::size_t end = note.size();
    for (const char* field : fields) end = std::min(end, note.find(label(field), begin));
    return note.substr(begin, end - begin);
}

std::string field_of(const std::string& note, const char* field) {
    const std::string before = label(field);
    const std::size_t at = note.find(before);
    if (at == std::string::npos) return "";
    return until(note, at + before.size(), {kLicence, kAttribution, kSourceType});
}

}  // namespace

std::string origin_note(const person::Card& card, const std::filesystem::path& person) {
    std::string note = kBegin + person.filename().string();
    const auto add = [&](const char* field, const std::string& value) {
        if (!value.empty()) note += label(field) + value;
    };
    add(kPerson, card.name);
    add(kLicence, card.licence);
    add(kAttribution, card.attribution);
    add(kSourceType, kType);
    return note;
}

OriginNote read_origin_note(const std::string& comment) {
    OriginNote note;
    note.synthetic = comment.starts_with(kBegin);
    if (!note.synthetic) return note;
    note.person_file = until(comment, std::strlen(kBegin), {kPerson, kLicence, kAttribution, kSourceType});
    note.person = field_of(comment, kPerson);
    note.licence = field_of(comment, kLicence);
    note.attribution = field_of(comment, kAttribution);
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
