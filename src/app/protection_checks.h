// What `butai doctor` looks at where a channel is protected: the master key and what it opens, which key
// systems there are, and with each service a real question: a key service is asked for keys, a license
// service for a license that it must refuse or (Widevine) for its certificate; both tell their clock.
// Thread: the main thread, which waits for each answer; net/outgoing.h bounds the wait.
#pragma once

#include <string>

#include "app/config.h"
#include "app/doctor_report.h"

namespace butai::app {

void check_protection(DoctorReport& report, const Config& config, const std::string& data);

}  // namespace butai::app
