// What `vultus prepare` tells: report.txt and the contact sheet.
#pragma once

#include <functional>
#include <string>

#include "media/image.h"
#include "preparation/plan.h"
#include "preparation/prepare.h"

namespace vultus::preparation {

struct Prepared {
    const corpus::Corpus& corpus;
    const Plan& plan;
    const std::vector<ClipMeasurement>& recordings;
    const std::vector<int>& delays_frames;  ///< of each recording's sound after its lips
    int wanted_size_px = 0;                 ///< what the user asked for; 0: nothing
};

PrepareReport make_report(const Prepared& prepared);

/// For report.txt.
std::string report_text(const Prepared& prepared, const PrepareReport& report);

/// thumbs: those of a recording, read when they are needed.
media::Image make_contact_sheet(const Prepared& prepared,
                                const std::function<std::vector<Thumb>(int recording)>& thumbs);

}  // namespace vultus::preparation
