#include "ticketing/entitlements/attendance.h"

#include <algorithm>
#include <utility>

#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

std::multimap<std::string, std::string> on_at(const Catalog& catalog, Utc now) {
  std::multimap<std::string, std::string> on;
  for (const Event& event : catalog.events()) {
    for (const Performance& one : event.performances) {
      if (state_at(one, now) != "live") continue;
      for (const StageChannel& channel : one.channels) on.emplace(channel.name, one.id);
    }
  }
  return on;
}

}  // namespace

Missed missed_by(Work& work, std::string_view account, std::string_view ticket_type) {
  Missed all;
  for (const store::Row& row :
       work.sql.rows("SELECT m.without_picture, m.not_delivered FROM missed m"
                     " JOIN ticket_type_performance t ON t.performance = m.performance"
                     " WHERE m.account = ? AND t.ticket_type = ?",
                     {account, ticket_type})) {
    all.without_picture += Micros{row.number(0)};
    all.not_delivered += Micros{row.number(1)};
  }
  return all;
}

void Attendance::start(Executor& home) {
  home_ = &home;
  looked_ = written_ = real_.utc();
  look();
}

void Attendance::jumped(std::string_view play, Micros media) {
  if (media <= Micros{0}) return;
  const std::lock_guard lock(mutex_);
  const auto found = jumped_.find(play);
  (found == jumped_.end() ? jumped_[std::string(play)] : found->second) += media;
}

void Attendance::look() {
  OnNow on_now = on_at(*office_.rights().catalog(), sale_.utc());
  std::vector<std::string> channels;
  for (const auto& [channel, performance] : on_now) channels.push_back(channel);
  stage_.find_dark(std::move(channels), *home_,
                   [this, on_now = std::move(on_now)](std::vector<std::string> dark) {
                     count(on_now, {dark.begin(), dark.end()});
                     if (real_.utc() - written_ >= kWriteMissedEvery) write_down();
                     timer_ = home_->after(kLookAtViewersEvery, [this] { look(); });
                   });
}

void Attendance::count(const OnNow& on_now, const std::set<std::string>& dark) {
  const Utc now = real_.utc();
  const Micros since_last = now - std::exchange(looked_, now);
  std::map<std::string, Micros, std::less<>> jumped;
  {
    const std::lock_guard lock(mutex_);
    jumped.swap(jumped_);
  }
  std::map<access::Id128, Utc> seen_now;
  std::set<Who> there;  // an account with two devices misses a minute once
  plays_.each_by_ticket(now - kSeatUnseen, [&](const access::PlayClaims& play, Utc seen) {
    const auto [first, last] = on_now.equal_range(play.channel);
    if (first == last) return;
    const auto before = seen_.find(play.id);
    Micros lost{0};
    if (before != seen_.end() && seen - before->second > kSilence) lost += seen - before->second;
    const auto jump = jumped.find(access::base64url(play.id));
    if (jump != jumped.end()) lost += jump->second;
    const bool misses = dark.contains(play.channel) && now - seen < kSilence;
    for (auto one = first; one != last; ++one) {
      const Who who{play.owner, one->second};
      if (lost > Micros{0}) missed_[who].not_delivered += lost;
      if (misses && there.insert(who).second) missed_[who].without_picture += since_last;
    }
    seen_now.emplace(play.id, seen);
  });
  seen_ = std::move(seen_now);
}

void Attendance::write_down() {
  written_ = real_.utc();
  if (missed_.empty()) return;
  struct Entry {
    std::string account, performance;
    Missed missed;
  };
  std::vector<Entry> entries;
  for (const auto& [who, missed] : std::exchange(missed_, {})) {
    if (auto account = office_.rights().account_of(who.first)) {
      entries.push_back({std::move(*account), who.second, missed});
    }
  }
  office_.ask<bool>(
      *home_,
      [entries = std::move(entries)](Work& work) -> Outcome<bool> {
        for (const Entry& one : entries) {
          work.sql.run(
              "INSERT INTO missed (account, performance, without_picture, not_delivered)"
              " VALUES (?, ?, ?, ?) ON CONFLICT (account, performance) DO UPDATE SET"
              " without_picture = missed.without_picture + excluded.without_picture,"
              " not_delivered = missed.not_delivered + excluded.not_delivered",
              {one.account, one.performance, one.missed.without_picture.count(),
               one.missed.not_delivered.count()});
        }
        return true;
      },
      [](Outcome<bool>) {});
}

}  // namespace butai::ticketing
