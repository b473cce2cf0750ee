#include "net/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <prometheus/counter.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/limits.h"
#include "net/loop.h"
#include "net/scratch.h"

namespace butai::net {

namespace {

iovec view_of(ByteView bytes) {
  return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};  // writev takes no const
}

std::size_t size_of(std::span<const iovec> views) {
  std::size_t size = 0;
  for (const iovec& view : views) size += view.iov_len;
  return size;
}

}  // namespace

Transport::Transport(Loop& loop, int fd, Traffic traffic, Kind kind)
    : loop_(loop), descriptor_(loop, fd), traffic_(traffic), plain_(kind == Kind::Plain) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Transport::keep_little_unsent() {
  const int low_water = kNotSentLowWater;
  ::setsockopt(descriptor_.fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low_water, sizeof low_water);
}

void Transport::start(TransportUser& user) {
  user_ = &user;
  const auto self = shared_from_this();
  begin();
  if (!dead_) wait_readable();
}

void Transport::begin() { user_->on_open(); }

void Transport::take(ByteView wire) { user_->on_received(wire); }

void Transport::wait_readable(Wait wait) {
  if (reading_ || paused_ || ended_ || dead_) return;
  reading_ = true;
  descriptor_.wait_readable(
      [self = shared_from_this()] {
        self->reading_ = false;
        self->readable();
      },
      wait);
}

void Transport::readable() {
  auto& buffer = loop_.scratch().received;
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    if (dead_ || ended_ || paused_) return;
    const ssize_t count = ::recv(descriptor_.fd(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return wait_readable(Wait::Edge);
    if (count < 0) return fail(std::strerror(errno));
    if (count == 0) {
      if (finishing_) return drop();
      return end(End::Closed);
    }
    const auto size = static_cast<std::size_t>(count);
    if (traffic_.received != nullptr) traffic_.received->Increment(static_cast<double>(size));
    if (user_ != nullptr) take({buffer.data(), size});
    if (size < buffer.size()) return wait_readable(Wait::Edge);
  }
  wait_readable();
}

void Transport::send(ByteView head, std::span<const Bytes> pieces) {
  if (dead_ || shut_) return;
  std::size_t taken = 0;
  if (queue_.empty() && !file_ && !kernel_full_ && pieces.size() < kWritePiecesMax) {
    std::array<iovec, kWritePiecesMax> views;
    std::size_t count = 0;
    if (!head.empty()) views[count++] = view_of(head);
    for (const Bytes& piece : pieces) {
      if (!piece.empty()) views[count++] = view_of(piece);
    }
    if (count > 0) taken = write({views.data(), count});
    if (dead_) return;
  }
  queue(head, pieces, taken);
  if (unsent() == 0) return;
  if (!kernel_full_ && queue_.size() - queue_next_ >= kWritePiecesMax) flush();
  if (!dead_ && unsent() > 0) wait_writable();
}

void Transport::send(ByteView head, std::span<const Bytes> pieces,
                     const std::shared_ptr<const BodyFile>& file) {
  if (!file || !plain_ || unsent() > 0 || kernel_full_) return send(head, pieces);
  if (dead_ || shut_) return;
  const iovec view = view_of(head);
  const std::size_t taken = to_kernel({&view, 1}, MSG_MORE);
  if (dead_) return;
  if (taken == head.size()) {
    file_ = file;
    file_left_ = file->size();
    flush_file();
  } else {
    queue(head, pieces, taken);
  }
  if (!dead_ && unsent() > 0) wait_writable();
}

// True: nothing of a file waits any more.
bool Transport::flush_file() {
  if (!file_) return true;
  while (!dead_ && file_left_ > 0) {
    auto offset = static_cast<off_t>(file_->size() - file_left_);
    const ssize_t count = ::sendfile(descriptor_.fd(), file_->fd(), &offset, file_left_);
    if (count < 0 && errno == EINTR) continue;
    took_less_ = count <= 0;  // less than was asked says nothing here: it goes page by page
    file_left_ -= count_sent(count);
    if (took_less_) return false;
  }
  file_.reset();
  return true;
}

void Transport::queue(ByteView head, std::span<const Bytes> pieces, std::size_t already) {
  const auto rest_of = [&already](std::size_t size) {
    const std::size_t skip = std::min(already, size);
    already -= skip;
    return skip;
  };
  const std::size_t skip_head = rest_of(head.size());
  if (skip_head < head.size()) {
    queue_.push_back(Bytes::copy_of(head.subspan(skip_head)));
    queued_ += head.size() - skip_head;
  }
  for (const Bytes& piece : pieces) {
    const std::size_t skip = rest_of(piece.size());
    if (skip == piece.size()) continue;
    queue_.push_back(piece.slice(skip, piece.size() - skip));
    queued_ += piece.size() - skip;
  }
}

std::size_t Transport::write(std::span<const iovec> views) { return to_kernel(views); }

std::size_t Transport::to_kernel(std::span<const iovec> views, int more) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(views.data());
  message.msg_iovlen = views.size();
  for (;;) {
    // The usual case is one piece, and send() saves the kernel fetching the list.
    const ssize_t count = views.size() == 1 ? ::send(descriptor_.fd(), views[0].iov_base,
                                                     views[0].iov_len, MSG_NOSIGNAL | more)
                                            : ::sendmsg(descriptor_.fd(), &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    took_less_ = count < 0 || static_cast<std::size_t>(count) < size_of(views);
    return count_sent(count);
  }
}

// What a system call said that it sent, and its error.
std::size_t Transport::count_sent(ssize_t count) {
  if (count < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) fail(std::strerror(errno));
    return 0;
  }
  const auto taken = static_cast<std::size_t>(count);
  sent_total_ += taken;
  if (traffic_.sent != nullptr) traffic_.sent->Increment(static_cast<double>(taken));
  return taken;
}

void Transport::wait_writable() {
  if (kernel_full_ || dead_) return;
  kernel_full_ = true;
  descriptor_.wait_writable(
      [self = shared_from_this()] {
        self->kernel_full_ = false;
        self->flush();
        if (self->dead_) return;
        if (self->unsent() > 0) return self->wait_writable();
        self->sent_all();
      },
      took_less_ ? Wait::Edge : Wait::Level);
}

void Transport::flush() {
  if (!flush_file()) return;
  while (!dead_ && unsent() > 0) {
    std::array<iovec, kWritePiecesMax> views;
    std::size_t count = 0;
    std::size_t offered = 0;
    for (const Bytes& piece : std::span(queue_).subspan(queue_next_)) {
      if (count == views.size()) break;
      views[count++] = view_of(piece);
      offered += piece.size();
    }
    const std::size_t taken = write({views.data(), count});
    if (dead_) return;  // the peer is gone, and the queue with it
    forget(taken);
    if (taken < offered || backlog() > 0) return;
  }
}

// What was taken from the front of the queue.
void Transport::forget(std::size_t taken) {
  queued_ -= taken;
  while (taken > 0) {
    Bytes& front = queue_[queue_next_];
    if (taken < front.size()) {
      front = front.slice(taken, front.size() - taken);
      return;
    }
    taken -= front.size();
    front = {};
    ++queue_next_;
  }
  if (queued_ == 0) return drop_queue();
  if (queue_next_ < kWritePiecesMax) return;  // a queue that never empties must not grow
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_next_));
  queue_next_ = 0;
}

void Transport::drop_queue() {
  file_.reset();
  file_left_ = 0;
  queue_ = {};
  queue_next_ = 0;
  queued_ = 0;
}

void Transport::sent_all() {
  if (finishing_) {
    if (!std::exchange(goodbye_said_, true)) {
      say_goodbye();
      if (dead_) return;
      if (unsent() > 0) return wait_writable();
    }
    if (!shut_) {
      shut_ = true;
      ::shutdown(descriptor_.fd(), SHUT_WR);
    }
    if (ended_) drop();
    return;
  }
  if (user_ != nullptr) user_->on_drained();
}

void Transport::pause() { paused_ = true; }

void Transport::resume() {
  if (std::exchange(paused_, false)) wait_readable();
}

void Transport::finish() {
  user_ = nullptr;
  if (dead_ || finishing_) return;
  const auto self = shared_from_this();
  finishing_ = true;
  linger();
  if (unsent() == 0) sent_all();
  paused_ = false;
  wait_readable();
}

// Waits kLingerDeadline at a time for as long as the peer still takes what is queued.
void Transport::linger() {
  sent_at_linger_ = sent_total_;
  linger_ = loop_.after(kLingerDeadline, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->dead_) return;
    if (self->unsent() > 0 && self->sent_total_ > self->sent_at_linger_) return self->linger();
    self->drop();
  });
}

void Transport::drop() {
  user_ = nullptr;
  if (dead_) return;
  dead_ = true;
  drop_queue();
  linger_.reset();
  descriptor_.close();
}

void Transport::end(End how) {
  if (ended_) return;
  ended_ = true;
  if (how == End::Broken) {
    dead_ = true;
    drop_queue();
    descriptor_.close();
  }
  // Posted: a send() may have found it out, in the middle of its caller's work.
  loop_.post([self = shared_from_this(), how] {
    if (self->user_ != nullptr) self->user_->on_ended(how);
  });
}

void Transport::fail(std::string sentence) {
  if (failure_.empty()) failure_ = std::move(sentence);
  end(End::Broken);
}

}  // namespace butai::net
