// Phone times as text in the formats that other programs read.
#pragma once

#include <string>
#include <vector>

#include "alignment/phone_times.h"

namespace vultus::transcription {

enum class PhoneFormat {
    kText,
    kTsv,
    kJson,
    kTextGrid,
    kRhubarbTsv,
    kRhubarbXml,
    kRhubarbJson,
    kDat,
    kSrt,
    kVtt,
    kAss
};

/// "text", "tsv", "json", "textgrid", "rhubarb-tsv", "rhubarb-xml", "rhubarb-json", "dat", "srt", "vtt",
/// "ass".
const std::vector<std::pair<std::string, PhoneFormat>>& phone_formats();
/// One of them. Errors: kInvalidArgument for another name.
PhoneFormat phone_format_named(const std::string& name);

struct PhoneFormatOptions {
    std::string sound_file;               ///< Rhubarb's XML and JSON make the path absolute; empty: no file
    std::string extended_shapes = "GHX";  ///< which of Rhubarb's extended mouth shapes may be used
    double dat_frame_rate = 24;           ///< 10..100
    bool dat_preston_blair = false;       ///< names for Moho: "MBP" instead of A
};

/// The whole file's text, UTF-8. Times are seconds; JSON has milliseconds, Rhubarb's formats hundredths.
/// Errors: kInvalidArgument for options out of range, and captions (srt, vtt, ass) without words.
std::string format_phones(const alignment::PhoneTimes& times, PhoneFormat format,
                          const PhoneFormatOptions& options = {});

/// One mouth shape of Rhubarb from start_cs to end_cs, in hundredths of a second.
struct MouthCue {
    int start_cs = 0, end_cs = 0;
    char shape = 'X';
    bool operator==(const MouthCue&) const = default;
};

/// Shapes after Rhubarb's rules for single phones, diphthongs in two; neighbours differ. Pauses shorter than
/// 0.12 s keep the shape before them, and shapes last as held_shapes() says.
std::vector<MouthCue> mouth_cues(const alignment::PhoneTimes& times, const std::string& extended_shapes);

}  // namespace vultus::transcription
