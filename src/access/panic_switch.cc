#include "access/panic_switch.h"

#include "store/sql.h"

namespace butai::access {
namespace {

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="60"><title>しばらくお待ちください / One moment, please</title></head>
<body><main><h1>ただいま大変混み合っています</h1>
<p>ご視聴中の方を優先しています。このページは1分後に自動で再読み込みします。</p>
<p>チケットをお持ちの方は<a href="/tickets">マイチケット</a>からそのままご視聴いただけます。</p>
<div lang="en"><h1>Very many are here right now</h1>
<p>Those who watch come first. This page tries again by itself in a minute.</p>
<p>If you have a ticket, <a href="/tickets">my tickets</a> lets you watch as always.</p></div>
</main></body></html>
)";

}  // namespace

void PanicSwitch::set(bool on, Executor& home, std::move_only_function<void(bool)> done) {
  on_.store(on, std::memory_order_relaxed);
  database_.run<bool>(
      store::Lane::House, home,
      [on](store::Session& session) {
        store::Sql sql(session);
        write(sql, on);
        return true;
      },
      [done = std::move(done)](std::expected<bool, store::Failure> written) mutable {
        done(written.has_value());
      });
}

void PanicSwitch::look(Executor& home, std::move_only_function<void()> then) {
  database_.run<bool>(
      store::Lane::House, home,  // behind set()
      [](store::Session& session) {
        store::Sql sql(session);
        return read(sql);
      },
      [this, then = std::move(then)](std::expected<bool, store::Failure> on) mutable {
        if (on) on_.store(*on, std::memory_order_relaxed);
        then();
      });
}

void PanicSwitch::write(store::Sql& sql, bool on) {
  sql.run("UPDATE panic_switch SET is_on = ?", {on});
}

bool PanicSwitch::read(store::Sql& sql) {
  return sql.number("SELECT is_on FROM panic_switch") != 0;
}

net::Response resting_answer(const net::Request& request) {
  const std::string_view accepts = request.headers.find("Accept").value_or("");
  net::Response answer =
      accepts.find("text/html") != std::string_view::npos
          ? net::Response::text(503, "text/html; charset=utf-8", kPage)
          : net::Response::problem(503, "Those who watch come first. Try again in a minute.");
  answer.headers.set("Retry-After", "60");
  if (accepts.find("text/html") != std::string_view::npos) {
    answer.headers.set("Content-Security-Policy",
                       "default-src 'none'; base-uri 'none'; "
                       "frame-ancestors 'none'");
  }
  return answer;
}

}  // namespace butai::access
