// Tries, in the real butai-worker behind its closed sandbox, what a decoder that was taken over
// would try (DESIGN decision 3).
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <string>

#include "worker/testing/line_recorder.h"

namespace butai::worker::testing {
namespace {

constexpr int kRefused = 0, kAllowed = 1;

// The exit status, or 128 + the signal.
int try_in_sandbox(const std::string& what) {
  std::string program = worker_executable(), mode = "try-sandbox", argument = what;
  std::array<char*, 4> arguments{program.data(), mode.data(), argument.data(), nullptr};
  std::array<char*, 1> environment{nullptr};
  pid_t child = 0;
  EXPECT_EQ(
      posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environment.data()),
      0)
      << program;
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

class Sandbox : public ::testing::TestWithParam<const char*> {};

TEST_P(Sandbox, refuses) {
  const int status = try_in_sandbox(GetParam());
  EXPECT_NE(status, kAllowed);
  EXPECT_TRUE(status == kRefused || status == 128 + SIGSYS) << status;
}

INSTANTIATE_TEST_SUITE_P(Attempts, Sandbox,
                         ::testing::Values("open", "create", "socket", "unix", "execve", "fork",
                                           "ptrace", "kill", "signal", "exec_memory", "unlink",
                                           "mount", "read_memory", "io_uring"),
                         [](const auto& param) { return std::string(param.param); });

TEST(SandboxItself, lets_threads_run) { EXPECT_EQ(try_in_sandbox("thread"), 0); }

TEST(SandboxItself, knows_what_it_tries) { EXPECT_EQ(try_in_sandbox("nothing of the kind"), 2); }

}  // namespace
}  // namespace butai::worker::testing
