#include "net/descriptor.h"

#include <unistd.h>

#include <utility>

#include "net/epoll_set.h"
#include "net/loop.h"

namespace butai::net {

Descriptor::Descriptor(Loop& loop, int fd)
    : loop_(loop), entry_(loop.descriptors().add(fd)), fd_(fd) {}

Descriptor::~Descriptor() { close(); }

void Descriptor::wait_readable(Task ready, Wait wait) { arm(entry_->readable, ready, wait); }

void Descriptor::wait_writable(Task ready, Wait wait) { arm(entry_->writable, ready, wait); }

void Descriptor::arm(Task& waits, Task& ready, Wait wait) {
  if (entry_->fd < 0) return;
  waits = std::move(ready);
  if (wait == Wait::Level || entry_->hung_up) loop_.descriptors().look_again(*entry_);
}

void Descriptor::close() {
  if (!open()) return;
  ::close(release());
}

int Descriptor::release() {
  // The loop may be gone already, and has forgotten us then.
  if (entry_->fd >= 0) loop_.descriptors().remove(*entry_);
  return std::exchange(fd_, -1);
}

}  // namespace butai::net
