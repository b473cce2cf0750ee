// Clocks and scheduling of those threads that measure.
// Thread: any; each call is about the calling thread.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace butai::load {

std::int64_t steady_micros();
Utc utc_now();
double process_cpu_seconds();
// Ahead of everything else on the machine, where this user may: a probe that waits for a core
// behind the server it measures would measure itself. It needs little.
void become_instrument();
// The descriptor limit of this process as high as it may be; a peer that has gone is an error of the
// write, not the end of the program (OpenSSL's writes know no MSG_NOSIGNAL).
void prepare_process();

}  // namespace butai::load
