#include "load/requests.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/latency_figures.h"
#include "load/fetcher.h"
#include "load/instrument.h"
#include "load/limits.h"
#include "load/report.h"
#include "load/usage.h"

namespace butai::load {
namespace {

constexpr std::size_t kPeekBytes = 2'048;  // enough for a head

struct Counts {
  LatencyFigures waits;
  LatencyFigures lag;  // from when a request was due until this thread came to it
  std::uint64_t bytes = 0;
  double body_bytes = 0;  // of the newest answer
};

// Asks, reads the head, throws the body away. Over TLS everything is decrypted.
class Asker {
 public:
  Asker(const Target& target, TlsClient& tls, std::string_view request, std::size_t index)
      : request_(request) {
    good_ = link_.begin(target, &tls, index);
  }
  bool good() const { return good_; }
  int descriptor() const { return link_.descriptor(); }

  bool waits() const { return good_ && !due_.empty(); }

  // One more answer is wanted, and waited for from `due` on.
  void want(std::int64_t due) {
    due_.push_back(due);
    if (open_ && due_.size() == 1) ask();
  }
  // Takes in what is there now. In a closed loop each answer asks for the next.
  void drive(std::span<std::uint8_t> scratch, Counts& counts, bool closed_loop) {
    if (!open_) {
      const Link::State state = link_.advance();
      if (state == Link::State::Failed) good_ = false;
      if (state != Link::State::Open) return;
      open_ = true;
      if (!due_.empty()) ask();
    }
    while (good_) {
      const bool discards = head_.bytes > 0 && !link_.secure();
      const std::size_t most = head_.bytes == 0 ? kPeekBytes : std::min(left_, scratch.size());
      const long got = discards ? discard() : link_.read(scratch.first(most));
      if (got < 0) good_ = false;
      if (got <= 0) return;
      counts.bytes += static_cast<std::uint64_t>(got);
      take(ByteView(scratch).first(discards ? 0 : static_cast<std::size_t>(got)),
           static_cast<std::size_t>(got));
      if (head_.bytes == 0 || left_ > 0) continue;
      if (due_.empty()) good_ = false;  // a refusal that nobody asked for
      if (!good_) return;
      const std::int64_t now = steady_micros();
      counts.waits.add(Micros{now - due_.front()});
      counts.body_bytes = static_cast<double>(head_.body);
      due_.pop_front();
      head_ = {};
      beginning_.clear();
      if (closed_loop) due_.push_back(now);
      if (!due_.empty()) ask();
    }
  }

 private:
  void ask() {
    if (!link_.write(request_)) good_ = false;
  }
  long discard() {
    const ssize_t got = recv(link_.descriptor(), nullptr, left_, MSG_TRUNC | MSG_DONTWAIT);
    return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
  }
  void take(ByteView bytes, std::size_t size) {
    if (head_.bytes > 0) {
      left_ -= size;
      return;
    }
    beginning_.append(as_text(bytes));
    head_ = read_answer_head(beginning_);
    if (head_.bytes == 0) return;
    if (head_.status != 200) good_ = false;
    left_ = head_.bytes + head_.body - beginning_.size();
  }

  Link link_;
  const std::string_view request_;
  std::deque<std::int64_t> due_;  // steady microseconds; the first is being answered
  std::string beginning_;
  AnswerHead head_;
  std::size_t left_ = 0;
  bool open_ = false, good_ = true;
};

// All of them, driven until a time in steady microseconds.
class Askers {
 public:
  Askers(const Target& target, std::string_view request, const RequestOptions& options)
      : per_second_(options.per_second), poll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < options.connections; ++i) {
      askers_.push_back(std::make_unique<Asker>(target, tls_, request, i));
      epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
      event.data.u32 = static_cast<std::uint32_t>(i);
      epoll_ctl(poll_, EPOLL_CTL_ADD, askers_.back()->descriptor(), &event);
      // A first answer each: who connects and asks nothing is a stranger to a server.
      askers_.back()->want(steady_micros());
      Counts ignored;
      if (i % kAtOnce == kAtOnce - 1) turn(ignored, 1);
    }
  }
  ~Askers() { ::close(poll_); }
  Askers(const Askers&) = delete;
  Askers& operator=(const Askers&) = delete;

  // What closed loops do anyhow; of a rate the first answers alone.
  Counts warm_up(std::int64_t until) {
    Counts counts;
    while (steady_micros() < until) turn(counts, kIdleMs);
    return counts;
  }
  Counts measure(std::int64_t from, std::int64_t until) {
    Counts counts;
    std::uint64_t asked = 0;
    const auto ask_what_is_due = [&](std::int64_t now) {
      for (; !closed_loop() && due(from, asked) < now; ++asked) {
        counts.lag.add(Micros{now - due(from, asked)});
        askers_[asked % askers_.size()]->want(due(from, asked));
      }
    };
    for (std::int64_t now = from; now < until; now = steady_micros()) {
      ask_what_is_due(now);
      turn(counts, closed_loop() ? kIdleMs : 0);
      // At a rate not for each answer: waking up would cost more than asking.
      if (!closed_loop()) std::this_thread::sleep_for(kBeat);
    }
    ask_what_is_due(until);
    const std::int64_t give_up = until + std::chrono::microseconds(kConnectMax).count();
    while (!closed_loop() && steady_micros() < give_up &&
           std::ranges::any_of(askers_, [](const auto& each) { return each->waits(); })) {
      turn(counts, kIdleMs);
    }
    return counts;
  }
  std::ptrdiff_t broken() const {
    return std::ranges::count_if(askers_, [](const auto& each) { return !each->good(); });
  }

 private:
  static constexpr int kIdleMs = 50;
  static constexpr Micros kBeat{250};         // at most so much too long each wait is told
  static constexpr std::size_t kAtOnce = 16;  // connections begun between two looks at answers

  bool closed_loop() const { return per_second_ == 0; }
  std::int64_t due(std::int64_t from, std::uint64_t number) const {
    return from + static_cast<std::int64_t>(number * 1'000'000 / per_second_);
  }
  void turn(Counts& counts, int wait_ms) {
    std::array<epoll_event, 256> events;
    const int ready = epoll_wait(poll_, events.data(), events.size(), wait_ms);
    for (int i = 0; i < ready; ++i) {
      askers_[events[static_cast<std::size_t>(i)].data.u32]->drive(scratch_, counts, closed_loop());
    }
  }

  TlsClient tls_;
  const std::uint32_t per_second_;
  const int poll_;
  std::vector<std::unique_ptr<Asker>> askers_;
  std::vector<std::uint8_t> scratch_ = std::vector<std::uint8_t>(256 * 1024);
};

std::string post_request(const Target& target, std::string_view body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      target.path, target.authority, body.size(), body);
}

}  // namespace

int bench_requests(const RequestOptions& options) {
  const auto target = find_target(options.url);
  if (!target) {
    fmt::print(stderr, "{}\n", target.error().sentence);
    return 2;
  }
  prepare_process();
  // At a rate it is what a probe is elsewhere. In a closed loop it would take the server's time.
  if (options.per_second > 0) become_instrument();
  const char* given = std::getenv("BUTAI_TOKEN");
  const std::string token = !options.token.empty() || given == nullptr ? options.token : given;
  std::string request = post_request(*target, options.body);
  if (options.body.empty()) {
    request = get_request(*target, target->path, token);
    const auto answer = Fetcher(*target, token).fetch(target->path);
    if (!answer || answer->status != 200) {
      fmt::print(stderr, "{}: {}\n", options.url,
                 answer ? fmt::format("answers {}", answer->status) : answer.error().sentence);
      return 1;
    }
  }
  Askers crowd(*target, request, options);
  const pid_t found = options.pid != 0 ? options.pid : find_listener(target->port);
  const std::vector<pid_t> server = found != 0 ? std::vector<pid_t>{found} : std::vector<pid_t>{};
  crowd.warm_up(steady_micros() + 1'000'000);
  const Usage before = Usage::now(server);
  const double generator = process_cpu_seconds();
  const std::int64_t from = steady_micros();
  const Counts counts = crowd.measure(from, from + std::int64_t{options.seconds} * 1'000'000);
  const Micros window{steady_micros() - from};
  const Usage after = Usage::now(server);
  const double cpu =
      after.cpu_seconds + after.softirq_seconds - before.cpu_seconds - before.softirq_seconds;
  const auto answers = static_cast<double>(counts.waits.count());
  Report report;
  report.text("url", options.url);
  report.number("connections", static_cast<double>(options.connections));
  report.number("answers", answers);
  report.number("body_bytes", counts.body_bytes);
  report.number("answers_per_s", answers * 1e6 / static_cast<double>(window.count()));
  if (cpu > 0) report.number("answers_per_cpu_s", answers / cpu);
  report.latency("latency", counts.waits);
  report.cost(before, after, window, static_cast<double>(counts.bytes) / 1e9);
  report.generator(process_cpu_seconds() - generator, counts.lag, window);
  if (crowd.broken() > 0) {
    report.make_void(fmt::format("{} connections broke or were refused", crowd.broken()));
  }
  fmt::print("{}\n", options.json ? report.to_json() : report.to_table());
  return answers > 0 ? 0 : 1;
}

}  // namespace butai::load
