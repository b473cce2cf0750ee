#include "access/login_limit.h"

#include <algorithm>

#include "access/limits.h"

namespace butai::access {

std::optional<Seconds> LoginLimit::begin(const std::string& account) {
  const Steady now = clock_.steady();
  const std::lock_guard lock(mutex_);
  if (!attempts_.contains(account)) make_room(now);
  std::deque<Steady>& times = attempts_[account];
  while (!times.empty() && times.front() + kLoginWindow <= now) times.pop_front();
  if (times.size() >= kLoginFailuresMax) {
    return std::chrono::ceil<Seconds>(times.front() + kLoginWindow - now);
  }
  times.push_back(now);
  return std::nullopt;
}

void LoginLimit::forgive(const std::string& account) {
  const std::lock_guard lock(mutex_);
  const auto found = attempts_.find(account);
  if (found == attempts_.end()) return;
  if (!found->second.empty()) found->second.pop_back();
  if (found->second.empty()) attempts_.erase(found);
}

void LoginLimit::make_room(Steady now) {
  if (attempts_.size() < kLoginNamesMax) return;
  std::erase_if(attempts_, [&](const auto& entry) {
    return entry.second.empty() || entry.second.back() + kLoginWindow <= now;
  });
  if (attempts_.size() < kLoginNamesMax) return;
  attempts_.erase(std::ranges::min_element(attempts_, {},
                                           [](const auto& entry) { return entry.second.back(); }));
}

}  // namespace butai::access
