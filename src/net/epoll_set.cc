#include "net/epoll_set.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/limits.h"

namespace butai::net {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kAll = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kHungUp = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

}  // namespace

struct EpollSet::Impl {
  asio::io_context& context;
  asio::posix::stream_descriptor set;
  std::unordered_map<Entry*, std::shared_ptr<Entry>> entries;
  std::vector<std::shared_ptr<Entry>> removed;  // in this turn, which may still name them
  bool turning = false;

  explicit Impl(asio::io_context& c) : context(c), set(c, ::epoll_create1(EPOLL_CLOEXEC)) {
    wait();
  }

  bool control(int what, Entry& entry) {
    epoll_event event{.events = kAll, .data = {.ptr = &entry}};
    return ::epoll_ctl(set.native_handle(), what, entry.fd, &event) == 0;
  }

  void wait() {
    set.async_wait(asio::posix::descriptor_base::wait_read,
                   [this](const boost::system::error_code& error) {
                     if (!error) turn();
                   });
  }

  void turn() {
    std::array<epoll_event, kEventsPerTurn> events;
    const int count = ::epoll_wait(set.native_handle(), events.data(), kEventsPerTurn, 0);
    turning = true;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto& entry = *static_cast<Entry*>(event.data.ptr);
      Task readable, writable;
      if ((event.events & kHungUp) != 0) entry.hung_up = true;
      if ((event.events & (EPOLLIN | kHungUp)) != 0) readable = std::exchange(entry.readable, {});
      if ((event.events & (EPOLLOUT | kHungUp)) != 0) writable = std::exchange(entry.writable, {});
      if (readable) readable();
      // The first may have closed it.
      if (writable && entry.fd >= 0) writable();
    }
    turning = false;
    removed.clear();
    if (count < kEventsPerTurn) return wait();
    asio::post(context, [this] { turn(); });
  }
};

EpollSet::EpollSet(asio::io_context& context) : impl_(std::make_unique<Impl>(context)) {}

EpollSet::~EpollSet() {
  // A task may own the last reference to a descriptor, which then removes itself.
  while (!impl_->entries.empty()) remove(*impl_->entries.begin()->first);
}

std::shared_ptr<EpollSet::Entry> EpollSet::add(int fd) {
  const auto entry = std::make_shared<Entry>(Entry{.fd = fd, .readable = {}, .writable = {}});
  impl_->entries.emplace(entry.get(), entry);
  if (!impl_->control(EPOLL_CTL_ADD, *entry)) ::shutdown(fd, SHUT_RDWR);
  return entry;
}

void EpollSet::remove(Entry& entry) {
  auto node = impl_->entries.extract(&entry);
  if (node.empty()) return;
  impl_->control(EPOLL_CTL_DEL, entry);
  entry.fd = -1;
  const Task readable = std::exchange(entry.readable, {});
  const Task writable = std::exchange(entry.writable, {});
  if (impl_->turning) impl_->removed.push_back(std::move(node.mapped()));
}

void EpollSet::look_again(Entry& entry) { impl_->control(EPOLL_CTL_MOD, entry); }

}  // namespace butai::net
