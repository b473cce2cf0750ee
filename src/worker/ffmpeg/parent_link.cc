#include "worker/ffmpeg/parent_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "worker/child.h"

namespace butai::worker {

bool ParentLink::read(Wait wait) {
  for (;;) {
    const auto space = reader_.space();
    const ssize_t count =
        recv(socket_, space.data(), space.size(), wait == Wait::No ? MSG_DONTWAIT : 0);
    if (count > 0) {
      reader_.filled(static_cast<std::size_t>(count));
      return true;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    _exit(kExitDone);  // the parent is gone
  }
}

Message ParentLink::receive() {
  for (;;) {
    auto message = reader_.next();
    if (!message) _exit(kExitUsage);  // not our parent
    if (*message) return std::move(**message);
    read(Wait::Yes);
  }
}

std::optional<Message> ParentLink::receive_if_any() {
  for (;;) {
    auto message = reader_.next();
    if (!message) _exit(kExitUsage);
    if (*message) return std::move(*message);
    if (!read(Wait::No)) return std::nullopt;
  }
}

std::optional<Message> ParentLink::receive_until(Steady end) {
  for (;;) {
    if (auto message = receive_if_any()) return message;
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) return std::nullopt;
    const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec timeout{nanos / 1'000'000'000, nanos % 1'000'000'000};
    pollfd entry{socket_, POLLIN, 0};
    ppoll(&entry, 1, &timeout, nullptr);
  }
}

void ParentLink::send(const Wire& wire) {
  std::array<iovec, 2> pieces{iovec{const_cast<std::uint8_t*>(wire.head.data()), wire.head.size()},
                              iovec{const_cast<std::uint8_t*>(wire.body.data()), wire.body.size()}};
  std::size_t at = 0;
  while (at < wire.size()) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t count = sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) _exit(kExitDone);
    at += static_cast<std::size_t>(count);
    std::size_t skip = static_cast<std::size_t>(count);
    for (iovec& piece : pieces) {
      const std::size_t part = std::min(skip, piece.iov_len);
      piece.iov_base = static_cast<std::uint8_t*>(piece.iov_base) + part;
      piece.iov_len -= part;
      skip -= part;
    }
  }
}

void give_up(ParentLink& parent, std::string_view sentence) {
  parent.complain(sentence);
  _exit(kExitGaveUp);
}

}  // namespace butai::worker
