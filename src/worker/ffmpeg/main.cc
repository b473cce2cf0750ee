// butai-worker: the child that reads media bytes nobody vouches for. Started by butai (worker/line.h)
// with a socket at descriptor 3; not for people.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <string_view>

extern "C" {
#include <libavutil/log.h>
}

#include "worker/child.h"
#include "worker/ffmpeg/jobs.h"
#include "worker/ffmpeg/parent_link.h"
#include "worker/ffmpeg/sandbox.h"
#include "worker/limits.h"
#include "worker/message_codec.h"

namespace {

using namespace butai;
using namespace butai::worker;

bool is_socket(int descriptor) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

void run(ParentLink& parent, const Configuration& configuration) {
  if (configuration.job == Job::Capture) {
    run_capture(parent, configuration);
    return;
  }
  const auto closed = close_sandbox(Sandbox::Decoding);
  if (!closed) give_up(parent, "The worker's sandbox cannot be closed: " + closed.error().sentence);
  if (!closed->empty()) parent.note("sandbox: " + *closed);
  parent.send(encode(MessageType::Ready));
  if (configuration.job == Job::Jpeg) {
    run_jpeg(parent, configuration);
  } else if (configuration.job == Job::Ladder) {
    run_ladder(parent, configuration);
  } else if (configuration.job == Job::Meter) {
    run_meter(parent);
  } else if (configuration.job == Job::Still) {
    run_still(parent);
  } else {
    run_demux(parent, configuration);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 3 && std::string_view(arguments[1]) == "try-sandbox") {
    return try_sandbox(arguments[2]);
  }
  if (!is_socket(kChildSocket)) {
    std::fputs("butai-worker is started by butai and is of no use alone; try `butai --help`.\n",
               stderr);
    return kExitUsage;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Ctrl-C reaches the whole group, and systemd tells a service's every process to stop; the parent drains
  // first and then ends us.
  std::signal(SIGINT, SIG_IGN);   // NOLINT(cert-err33-c)
  std::signal(SIGTERM, SIG_IGN);  // NOLINT(cert-err33-c)
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c)
  av_log_set_level(AV_LOG_QUIET);
  ParentLink parent(kChildSocket);
  const Message first = parent.receive();
  const auto configuration = decode_configuration(first.payload);
  if (first.type != MessageType::Configure || !configuration) return kExitUsage;
  if (configuration->priority == Priority::Background) {
    setpriority(PRIO_PROCESS, 0, kBackgroundNice);
  }
  run(parent, *configuration);
  // Threads of the libraries need no farewell, and their destructors cost the parent time.
  _exit(kExitDone);
}
