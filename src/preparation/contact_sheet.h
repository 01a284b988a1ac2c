// All clips of a corpus on one image.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"

namespace vultus::preparation {

struct SheetCell {
    const media::Image* picture = nullptr;  ///< null or empty: a dark cell
    std::string name;
    std::string reason;  ///< not empty: left out, shown under a red frame
};

/// A grid of thumbnails with names; cells of clips that were left out have a red frame and their reason.
/// Errors: kInvalidArgument when there are no cells.
media::Image draw_contact_sheet(const std::vector<SheetCell>& cells);

}  // namespace vultus::preparation
