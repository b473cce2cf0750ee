#include "ticketing/hooks/hooks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "ticketing/limits.h"
#include "ticketing/payments/test_books.h"
#include "ticketing/times.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

std::int64_t after_tries(std::int64_t tries) {
  const std::int64_t seconds = kHookAgainFirst.count() << std::min<std::int64_t>(tries, 12);
  return micros_of(Utc{std::min(Seconds{seconds}, kHookAgainMost)});
}

}  // namespace

void announce(Work& work, std::string_view type, json::object data) {
  const std::string id = work.new_id("hk_");
  const std::string body = json::serialize(json::object{
      {"id", id}, {"type", type}, {"created", rfc3339(work.now)}, {"data", std::move(data)}});
  work.sql.run("INSERT INTO hook_event (id, body, created_at, next_at) VALUES (?, ?, ?, ?)",
               {id, body, work.micros(), work.micros()});
}

Expected<void> check_hook_settings(const HookSettings& settings) {
  if (settings.url.empty()) return {};
  if (auto good = net::check_outgoing_url(settings.url); !good) {
    return problem("[webhooks] url: " + good.error().sentence);
  }
  if (settings.secret.size() < kHookSecretMin) {
    return problem("[webhooks] secret must have at least 32 characters (openssl rand -hex 32)");
  }
  return {};
}

template <class T>
void Hooks::run(std::move_only_function<T(Work&)> act, std::move_only_function<void(T)> done) {
  database_.run<T>(
      *home_,
      [this, act = std::move(act)](store::Session& session) mutable {
        store::Sql sql(session);
        Work work{sql, clock_.utc(), random_};
        return act(work);
      },
      [done = std::move(done)](std::expected<T, store::Failure> told) mutable {
        done(told ? std::move(*told) : T{});
      });
}

void Hooks::play_started(std::string_view account, std::string_view channel,
                         std::string_view performance) {
  if (settings_.url.empty()) return;
  const std::lock_guard lock(mutex_);
  if (plays_.size() >= kPlaysWaitingMax) return;
  plays_.push_back({{"account", account},
                    {"channel", channel},
                    {"performance", performance},
                    {"at", rfc3339(clock_.utc())}});
}

void Hooks::start(Executor& home) {
  home_ = &home;
  look();
}

void Hooks::look() {
  std::vector<json::object> plays;
  {
    const std::lock_guard lock(mutex_);
    plays.swap(plays_);
  }
  run<std::vector<Due>>(
      [this, plays = std::move(plays)](Work& work) { return due_in(work, plays); },
      [this](std::vector<Due> due) {
        for (Due& one : due) send(std::move(one));
        timer_ = home_->after(kLookEvery, [this] { look(); });
      });
}

std::vector<Hooks::Due> Hooks::due_in(Work& work, const std::vector<json::object>& plays) {
  if (settings_.url.empty()) {  // nobody will ever ask for them
    work.sql.run("DELETE FROM hook_event");
    return {};
  }
  for (const json::object& play : plays) announce(work, "play.started", play);
  std::vector<Due> due;
  for (const store::Row& row :
       work.sql.rows("SELECT id, body, tries, created_at FROM hook_event WHERE next_at <= ?"
                     " ORDER BY next_at LIMIT ?",
                     {work.micros(), kHooksAtOnce})) {
    due.push_back({row.text(0), row.text(1), row.number(2), utc_of(row.number(3))});
    // Should this process end before the answer, it is sent again.
    work.sql.run("UPDATE hook_event SET tries = ?, next_at = ? WHERE id = ?",
                 {row.number(2) + 1, work.micros() + after_tries(row.number(2)), row.text(0)});
  }
  return due;
}

void Hooks::send(Due due) {
  net::OutgoingRequest request;
  request.url = settings_.url;
  request.body = due.body;
  request.headers = {"Content-Type: application/json",
                     "Butai-Signature: " + sign_webhook(settings_.secret, due.body, clock_.utc())};
  send_(std::move(request), *home_,
        [this, due = std::move(due)](Expected<net::OutgoingAnswer> answer) {
          told(due, answer && answer->status >= 200 && answer->status < 300);
        });
}

void Hooks::told(const Due& due, bool taken) {
  const bool too_old = clock_.utc() - due.created > kHookFor;
  if (!taken && !too_old) return;
  if (!taken) log::error("a webhook of ours was never taken", {{"event", due.id}});
  run<bool>(
      [id = due.id](Work& work) {
        work.sql.run("DELETE FROM hook_event WHERE id = ?", {id});
        return true;
      },
      [](bool) {});
}

}  // namespace butai::ticketing
