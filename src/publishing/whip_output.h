// A live face to a server that takes WebRTC (WHIP).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "person/person.h"
#include "publishing/target.h"

namespace vultus::publishing {

/// whip+http:// or whip+https://.
bool is_whip_address(const std::string& address);

/// As output_of(): VP8 and Opus, from all of the machine's addresses.
std::function<std::unique_ptr<Output>()> whip_output_of(const PublishOptions& options,
                                                        const person::Person& person, int size_px);

}  // namespace vultus::publishing
