#include "worker/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "worker/limits.h"

namespace butai::worker {
namespace {

constexpr std::size_t kPiecesPerSend = 16;  // iovec entries: eight messages at once

// The environment a child may see.
std::vector<char*> small_environment() {
  constexpr std::array<std::string_view, 5> kPassed{
      "LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "TZ="};
  std::vector<char*> passed;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    for (const std::string_view prefix : kPassed) {
      if (std::string_view(*entry).starts_with(prefix)) passed.push_back(*entry);
    }
  }
  passed.push_back(nullptr);
  return passed;
}

struct SpawnActions {
  SpawnActions() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

int spawn(const std::string& executable, const std::string& title, StandardInput input, int socket,
          pid_t& pid) {
  SpawnActions actions;
  if (input == StandardInput::Nothing) {
    posix_spawn_file_actions_addopen(&actions.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_addopen(&actions.files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions.files, socket, kChildSocket);
  posix_spawn_file_actions_addclosefrom_np(&actions.files, kChildSocket + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&actions.attributes, &none);
  posix_spawnattr_setsigdefault(&actions.attributes, &all);
  posix_spawnattr_setflags(&actions.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = "butai-worker", argument = title;
  std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
  return posix_spawn(&pid, executable.c_str(), &actions.files, &actions.attributes,
                     arguments.data(), small_environment().data());
}

std::string reason_of(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("the worker was killed by signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  }
  return fmt::format("the worker ended with status {}", WEXITSTATUS(status));
}

}  // namespace

Expected<std::shared_ptr<Child>> Child::start(net::Loop& loop, const std::string& executable,
                                              const std::string& title, StandardInput input,
                                              ChildListener& listener) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return problem(fmt::format("cannot make a socket pair for butai-worker: {}", strerror(errno)));
  }
  pid_t pid = 0;
  const int error = spawn(executable, title, input, pair[1], pid);
  close(pair[1]);
  if (error != 0) {
    close(pair[0]);
    return problem(fmt::format("cannot start {}: {}; it must lie beside the program", executable,
                               strerror(error)));
  }
  fcntl(pair[0], F_SETFL, O_NONBLOCK);  // only our end: the child's may block
  std::shared_ptr<Child> child(new Child(loop, pid, pair[0], listener));
  child->watch_exit();
  child->wait_readable();
  return child;
}

Child::Child(net::Loop& loop, pid_t pid, int socket, ChildListener& listener)
    : loop_(loop), pid_(pid), socket_(loop, socket), listener_(&listener) {}

Child::~Child() {
  if (reaped_) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);  // the loop is gone, and a killed process ends in milliseconds
}

void Child::watch_exit() {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (handle < 0) return;  // then the end of the socket tells
  exit_ = std::make_unique<net::Descriptor>(loop_, handle);
  exit_->wait_readable([self = shared_from_this()] { self->reap(); });
}

void Child::send(Wire wire) {
  if (ended_) return;
  unsent_ += wire.size();
  queue_.push_back(std::move(wire));
  if (!writing_) flush();
}

void Child::flush() {
  while (!queue_.empty()) {
    std::array<iovec, kPiecesPerSend> pieces{};
    std::size_t count = 0, skip = front_sent_;
    const auto add = [&](const std::uint8_t* from, std::size_t size) {
      if (skip < size) pieces[count++] = {const_cast<std::uint8_t*>(from) + skip, size - skip};
      skip -= std::min(skip, size);
    };
    for (const Wire& wire : queue_) {
      if (count + 2 > kPiecesPerSend) break;
      add(wire.head.data(), wire.head.size());
      add(wire.body.data(), wire.body.size());
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t taken = sendmsg(socket_.fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0 && errno == EAGAIN) {
      writing_ = true;
      socket_.wait_writable([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->ended_) return;
        self->writing_ = false;
        self->flush();
        if (self->listener_ != nullptr) self->listener_->on_room();
      });
      return;
    }
    if (taken < 0) {  // the child is dying: the reading side will tell
      queue_.clear();
      front_sent_ = unsent_ = 0;
      return;
    }
    sent_ += static_cast<std::uint64_t>(taken);
    unsent_ -= static_cast<std::size_t>(taken);
    front_sent_ += static_cast<std::size_t>(taken);
    while (!queue_.empty() && front_sent_ >= queue_.front().size()) {
      front_sent_ -= queue_.front().size();
      queue_.pop_front();
    }
  }
}

void Child::pause() { paused_ = true; }

void Child::resume() {
  if (!std::exchange(paused_, false) || ended_) return;
  loop_.post([weak = weak_from_this()] {  // whole messages may be waiting here already
    const auto self = weak.lock();
    if (self && !self->ended_ && !self->reading_) self->read();
  });
}

void Child::wait_readable() {
  if (std::exchange(reading_, true)) return;
  socket_.wait_readable([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->ended_) return;
    self->reading_ = false;
    self->read();
  });
}

void Child::read() {
  std::size_t left = kReadBytesPerTurn;
  if (!deliver()) return;  // what a pause left over
  while (left > 0) {
    const auto space = reader_.space();
    const ssize_t count = ::read(socket_.fd(), space.data(), std::min(space.size(), left));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      lost();
      return;
    }
    left -= static_cast<std::size_t>(count);
    reader_.filled(static_cast<std::size_t>(count));
    if (!deliver()) return;
  }
  wait_readable();
}

bool Child::deliver() {
  while (!paused_ && !ended_) {
    auto message = reader_.next();
    if (!message) {
      protocol_error_ = sentence(message.error());
      lost();
      return false;
    }
    if (!*message) return true;
    if (listener_ != nullptr) listener_->on_message(std::move(**message));
  }
  return false;
}

// No more will come. The exit status is known soon, or now.
void Child::lost() {
  if (std::exchange(ended_, true)) return;
  queue_.clear();
  unsent_ = front_sent_ = 0;
  socket_.close();
  kill();
  if (exit_ == nullptr && !reaped_) {
    waitpid(pid_, &status_, 0);
    reaped_ = true;
  }
  depart();
}

void Child::reap() {
  reaped_ = waitpid(pid_, &status_, WNOHANG) != 0;
  if (!reaped_) {
    exit_->wait_readable([self = shared_from_this()] { self->reap(); });
    return;
  }
  depart();  // otherwise what the child said before its end is read first
}

void Child::depart() {
  if (!reaped_ || !ended_ || listener_ == nullptr) return;
  Departure departure;
  departure.reason = protocol_error_.empty() ? reason_of(status_) : protocol_error_;
  departure.gave_up = WIFEXITED(status_) && WEXITSTATUS(status_) == kExitGaveUp;
  departure.done = WIFEXITED(status_) && WEXITSTATUS(status_) == kExitDone;
  std::exchange(listener_, nullptr)->on_gone(std::move(departure));
}

void Child::kill() {
  if (!reaped_) ::kill(pid_, SIGKILL);
}

void Child::end() {
  listener_ = nullptr;
  kill();
  ended_ = true;
  queue_.clear();
  socket_.close();
}

}  // namespace butai::worker
