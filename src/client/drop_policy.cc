#include "client/drop_policy.h"

#include <algorithm>

#include "client/limits.h"

namespace butai::client {

DropPolicy::Verdict DropPolicy::judge(Kind kind, std::size_t unsent) {
  switch (kind) {
    case Kind::Sound:
      return waiting_ || unsent > 2 * limit() ? Verdict::Drop : Verdict::Send;
    case Kind::Frame:
      if (unsent > limit()) waiting_ = true;
      return waiting_ ? Verdict::Drop : Verdict::Send;
    case Kind::KeyFrame:
      // Once frames were lost half the limit must be free, or the next one is lost again at once.
      if (unsent > (waiting_ ? limit() / 2 : limit())) {
        waiting_ = true;
        return Verdict::Drop;
      }
      waiting_ = false;
      return Verdict::Send;
  }
  return Verdict::Drop;
}

void DropPolicy::sent(std::size_t bytes, Steady now) {
  sent_.emplace_back(now, bytes);
  last_second_ += bytes;
  while (now - sent_.front().first > Seconds{1}) {
    last_second_ -= sent_.front().second;
    sent_.pop_front();
  }
}

std::size_t DropPolicy::limit() const {
  const std::size_t share = last_second_ * static_cast<std::size_t>(kUnsentTime.count()) / 1000;
  return std::clamp(share, kUnsentBytesMin, kUnsentBytesMax);
}

}  // namespace butai::client
