#include "ticketing/entitlements/rights.h"

#include <algorithm>
#include <utility>

#include "store/sql.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

bool on_channel(const Performance& performance, std::string_view channel) {
  return std::ranges::any_of(performance.channels,
                             [channel](const auto& one) { return one.name == channel; });
}

// A performance that is on is nearer than one that comes, and that is nearer than one that is over.
int distance(const Performance& performance, Utc now) {
  if (now >= performance.end + kAfterEnd) return 2;
  return now < performance.doors ? 1 : 0;
}

}  // namespace

std::expected<Right, NoRight> Rights::may(std::uint64_t owner, std::string_view channel,
                                          std::string_view performance) const {
  const Utc now = clock_.utc();
  const std::lock_guard lock(mutex_);
  const auto account = tickets_.find(owner);
  if (account == tickets_.end()) return std::unexpected(NoRight::NoTicket);
  const Performance* best = nullptr;
  for (const auto& [id, ticket] : account->second) {
    const TicketType* type = ticket.valid ? catalog_->ticket_type(ticket.ticket_type) : nullptr;
    if (type == nullptr) continue;
    for (const std::string& one : type->performances) {
      const Performance* candidate = catalog_->performance(one);
      if (candidate == nullptr || !on_channel(*candidate, channel)) continue;
      if (!performance.empty() && performance != candidate->id) continue;
      if (best == nullptr || distance(*candidate, now) < distance(*best, now)) best = candidate;
    }
  }
  if (best == nullptr) return std::unexpected(NoRight::NoTicket);
  if (distance(*best, now) == 1) return std::unexpected(NoRight::NotOpenYet);
  if (distance(*best, now) == 2) return std::unexpected(NoRight::Over);
  Right right{best->id, 0, best->end + kAfterEnd};
  for (const auto& [id, ticket] : account->second) {
    const TicketType* type = ticket.valid ? catalog_->ticket_type(ticket.ticket_type) : nullptr;
    if (type != nullptr &&
        std::ranges::find(type->performances, best->id) != type->performances.end()) {
      right.devices += type->devices;
    }
  }
  return right;
}

std::shared_ptr<const Catalog> Rights::catalog() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

std::optional<std::string> Rights::account_of(std::uint64_t owner) const {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(owner);
  return found == accounts_.end() ? std::nullopt : std::optional(found->second);
}

Rights::News Rights::news_since(store::Session& session, std::int64_t number) {
  store::Sql sql(session);
  News news;
  news.number = sql.number("SELECT value FROM change_counter WHERE id = 1");
  if (news.number == number) return news;
  // What is committed in between is seen, and seen again by the next look.
  const store::Moment moment(session);
  news.catalog = load_catalog(sql);
  for (const store::Row& row :
       sql.rows("SELECT a.name, a.id, e.id, e.ticket_type, e.valid FROM entitlement e"
                " JOIN account a ON a.id = e.account WHERE e.change_number > ?",
                {number})) {
    news.tickets.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.yes(4)});
  }
  return news;
}

void Rights::take(News news) {
  const std::lock_guard lock(mutex_);
  if (news.number <= seen_) return;  // a later look was quicker
  seen_ = news.number;
  if (news.catalog) catalog_ = std::make_shared<const Catalog>(std::move(*news.catalog));
  for (News::Entry& one : news.tickets) {
    const std::uint64_t owner = owner_of_(one.account_name);
    // An account that was erased has another name now.
    const auto [known, is_new] = owners_.try_emplace(one.id, owner);
    if (!is_new && known->second != owner) tickets_[known->second].erase(one.id);
    known->second = owner;
    accounts_[owner] = std::move(one.account);
    tickets_[owner][one.id] = {std::move(one.ticket_type), one.valid};
  }
}

std::expected<void, store::Failure> Rights::load() {
  auto news =
      database_.run_and_wait<News>([](store::Session& session) { return news_since(session, -1); });
  if (!news) return std::unexpected(news.error());
  take(std::move(*news));
  return {};
}

void Rights::look(Executor& home, std::move_only_function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({&home, std::move(then)});
    if (looking_) return;
    looking_ = true;
  }
  begin_look();
}

void Rights::begin_look() {
  std::vector<Waiting> asked;
  std::int64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      looking_ = false;
      return;
    }
    asked = std::exchange(waiting_, {});
    number = seen_;
  }
  Executor& home = *asked.front().home;
  database_.run<News>(
      store::Lane::Looks, home,
      [number](store::Session& session) { return news_since(session, number); },
      [this, asked = std::move(asked)](std::expected<News, store::Failure> news) mutable {
        if (news) take(std::move(*news));
        for (Waiting& one : asked) one.home->post(std::move(one.then));
        begin_look();
      });
}

}  // namespace butai::ticketing
