// From a configuration to a running server that stops by a signal; shared by serve and demo.
// Thread: the main thread.
#pragma once

#include <functional>
#include <string>

#include "app/commands.h"
#include "app/house.h"

namespace butai::app {

// `on_ready` is called once, when the listeners are open. Returns the exit status.
int run_house(const ServeOptions& options, Config config, const std::string& default_host,
              const std::function<void(House&, const Ports&)>& on_ready);

}  // namespace butai::app
