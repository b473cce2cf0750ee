// A token with which a command asks the running server of the same installation.
#pragma once

#include <string>

#include "app/commands.h"
#include "app/config.h"
#include "base/problem.h"

namespace butai::app {

// Of scope control, for the next minute.
Expected<std::string> control_token(const Config& config, const Place& place);

}  // namespace butai::app
