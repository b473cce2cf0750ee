// The walls around code that reads hostile bytes: nothing new can be opened, started or reached.
//   limits      address space, descriptors, no core file, no file growth
//   Landlock    no path of the file system, no TCP, no signal to others (as far as the kernel has it)
//   seccomp     a list of what decoding needs; anything else kills the process
// Thread: before the first thread is started; threads inherit it all.
// Limits: worker/limits.h. Kernels without Landlock run without it; the note says so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/problem.h"

namespace butai::worker {

enum class Sandbox : std::uint8_t {
  Decoding,  // nothing but the socket pair and what is open already
  Camera,    // and ioctl, which V4L2 is made of
};

// Cannot be undone. What could not be had is told in the result ("no Landlock"), empty if all; an
// error means that the process must not go on.
Expected<std::string> close_sandbox(Sandbox kind);

// For tests: closes the sandbox and tries `what` (open, socket, execve, fork, ptrace, kill, …).
// Returns an exit status: 0 it was refused, 1 it worked, 2 no such attempt; or the kernel kills us.
int try_sandbox(std::string_view what);

}  // namespace butai::worker
