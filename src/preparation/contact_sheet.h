// A corpus on one image.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"

namespace vultus::preparation {

struct SheetTile {
    const media::Image* picture = nullptr;  ///< null or empty: a dark tile
    std::string text;                       ///< below the picture
    std::string reason;                     ///< not empty: left out, shown in a red frame
};

inline constexpr std::size_t kMaxSheetTiles = 96;

/// Tiles in rows, pictures up to 192 px; those left out have a red frame and their reason.
/// Errors: kInvalidArgument when there are no tiles.
media::Image draw_contact_sheet(const std::vector<SheetTile>& tiles);

}  // namespace vultus::preparation
