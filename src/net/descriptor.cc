#include "net/descriptor.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "net/loop.h"

namespace butai::net {

namespace asio = boost::asio;

struct Descriptor::Impl {
  asio::posix::stream_descriptor handle;
  // A wait that had succeeded before close() still comes, after it: the flag outlives us.
  std::shared_ptr<bool> open = std::make_shared<bool>(true);

  void wait(asio::posix::descriptor_base::wait_type what, Task ready) {
    handle.async_wait(what, [kept = open, task = std::move(ready)](
                                const boost::system::error_code& error) mutable {
      if (!error && *kept) task();
    });
  }
};

Descriptor::Descriptor(Loop& loop, int fd)
    : impl_(std::make_unique<Impl>(Impl{asio::posix::stream_descriptor(loop.context(), fd)})),
      fd_(fd) {}

Descriptor::~Descriptor() { close(); }

void Descriptor::wait_readable(Task ready) {
  if (open()) impl_->wait(asio::posix::descriptor_base::wait_read, std::move(ready));
}

void Descriptor::wait_writable(Task ready) {
  if (open()) impl_->wait(asio::posix::descriptor_base::wait_write, std::move(ready));
}

void Descriptor::close() {
  if (!open()) return;
  fd_ = -1;
  *impl_->open = false;
  boost::system::error_code ignored;
  impl_->handle.close(ignored);
}

int Descriptor::release() {
  fd_ = -1;
  *impl_->open = false;
  return impl_->handle.release();
}

}  // namespace butai::net
