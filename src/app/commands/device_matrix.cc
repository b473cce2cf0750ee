// butai doctor --device-matrix: the watch page for devices in the hand. What each made of the channel, it
// shows as a row of docs/device-matrix.md: real key systems can only be seen on real devices.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/commands.h"
#include "app/fail.h"

namespace butai::app {
namespace {

// Drawn by the program qrencode, where it is installed.
bool draw(const std::string& text) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    execlp("qrencode", "qrencode", "-t", "ANSIUTF8", "--", text.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

}  // namespace

int device_matrix(const std::string& url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return fail("--device-matrix takes the address of a watch page, https://HOST/watch/CHANNEL");
  }
  const std::size_t hash = std::min(url.find('#'), url.size());
  std::string address = url.substr(0, hash);
  address += address.find('?') == address.npos ? "?row=1" : "&row=1";
  address += url.substr(hash);  // the token stays behind it: no server sees it
  fmt::print(
      "Open this on each device; after some seconds of playing it shows a row for"
      " docs/device-matrix.md:\n\n{}\n\n",
      address);
  if (!draw(address)) fmt::print("(a QR code is shown here where qrencode is installed)\n");
  return 0;
}

}  // namespace butai::app
