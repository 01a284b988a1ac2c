// What a bench measured, beside what it should be.
#pragma once

#include <nlohmann/json.hpp>

namespace vultus::speed {

/// [{what, measured, goal, unit, at_least (the goal is a lower bound), reached}] for every goal of which the
/// report holds the figure; for two CPU cores.
nlohmann::json bench_goals(const nlohmann::json& report);

}  // namespace vultus::speed
