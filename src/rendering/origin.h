// Marks of origin: what a video says of where it comes from, written and read back (docs/origin.md).
#pragma once

#include <filesystem>
#include <string>

#include "marking/mark_detector.h"
#include "person/person.h"

namespace vultus::rendering {

/// What a video's metadata (its comment) say of where it comes from: that it is synthetic, the person file,
/// the card's name, licence and attribution, and IPTC's type of such media.
std::string origin_note(const person::Card& card, const std::filesystem::path& person);

/// An origin_note(), read back.
struct OriginNote {
    bool synthetic = false;
    std::string person_file, person, licence, attribution;  ///< empty where nothing is said
};
OriginNote read_origin_note(const std::string& comment);

/// Videos without the invisible mark are for the user to whom the person file belongs. Errors:
/// kInvalidArgument for anybody else; kIo (no such file).
void require_owner(const std::filesystem::path& person);

struct Origin {
    std::string comment;  ///< the metadata's
    OriginNote note;
    marking::MarkFinding mark;
    double seconds = 0;  ///< of picture
};

/// Looks for the marks of origin in any video FFmpeg reads. Errors: as media::VideoReader; kInvalidArgument
/// for pictures with sides below 16 px; kCancelled.
Origin find_origin(const std::filesystem::path& video);

}  // namespace vultus::rendering
