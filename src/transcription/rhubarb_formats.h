// The formats of Rhubarb Lip Sync 1.14: TSV, XML, JSON and Moho's DAT, byte for byte.
#pragma once

#include <string>

#include "transcription/phone_formats.h"

namespace vultus::transcription {

std::string rhubarb_tsv(const alignment::PhoneTimes& times, const PhoneFormatOptions& options);
std::string rhubarb_xml(const alignment::PhoneTimes& times, const PhoneFormatOptions& options);
std::string rhubarb_json(const alignment::PhoneTimes& times, const PhoneFormatOptions& options);
std::string moho_dat(const alignment::PhoneTimes& times, const PhoneFormatOptions& options);

}  // namespace vultus::transcription
