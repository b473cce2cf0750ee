#include "load/instrument.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

namespace butai::load {
std::int64_t steady_micros() {
  return std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Utc utc_now() { return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now()); }

double process_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void become_instrument() {
  sched_param first{};
  first.sched_priority = 1;
  pthread_setschedparam(pthread_self(), SCHED_RR, &first);
  prctl(PR_SET_TIMERSLACK, 1);
}

void prepare_process() {
  signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace butai::load
