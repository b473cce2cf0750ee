#include "load/requests.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "load/fetcher.h"
#include "load/instrument.h"
#include "load/limits.h"
#include "load/report.h"
#include "load/usage.h"

namespace butai::load {
namespace {

constexpr std::size_t kPeekBytes = 2'048;  // enough for a head

// Asks, reads the head, throws the body away. Over TLS everything is decrypted.
class Asker {
 public:
  Asker(const Target& target, TlsClient& tls, std::string_view request, std::size_t index)
      : request_(request) {
    good_ = link_.begin(target, &tls, index);
  }
  bool good() const { return good_; }
  int descriptor() const { return link_.descriptor(); }

  // How many answers were completed by what is there now.
  unsigned drive(std::span<std::uint8_t> scratch, std::uint64_t& bytes) {
    if (!open_) {
      const Link::State state = link_.advance();
      if (state == Link::State::Failed) good_ = false;
      if (state != Link::State::Open) return 0;
      open_ = true;
      ask();
    }
    unsigned answers = 0;
    while (good_) {
      const bool discards = head_.bytes > 0 && !link_.secure();
      const std::size_t most = head_.bytes == 0 ? kPeekBytes : std::min(left_, scratch.size());
      const long got = discards ? discard() : link_.read(scratch.first(most));
      if (got < 0) good_ = false;
      if (got <= 0) return answers;
      bytes += static_cast<std::uint64_t>(got);
      take(ByteView(scratch).first(discards ? 0 : static_cast<std::size_t>(got)),
           static_cast<std::size_t>(got));
      if (head_.bytes == 0 || left_ > 0) continue;
      ++answers;
      ask();
    }
    return answers;
  }

 private:
  void ask() {
    head_ = {};
    beginning_.clear();
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
  std::string beginning_;
  AnswerHead head_;
  std::size_t left_ = 0;
  bool open_ = false, good_ = true;
};

struct Counts {
  std::uint64_t answers = 0, bytes = 0;
};

// Until `until`, in steady microseconds.
Counts ask_on(int poll, std::vector<std::unique_ptr<Asker>>& askers, std::int64_t until) {
  static std::vector<std::uint8_t> scratch(256 * 1024);
  Counts counts;
  std::array<epoll_event, 256> events;
  while (steady_micros() < until) {
    const int ready = epoll_wait(poll, events.data(), events.size(), 50);
    for (int i = 0; i < ready; ++i) {
      Asker& asker = *askers[events[static_cast<std::size_t>(i)].data.u32];
      counts.answers += asker.drive(scratch, counts.bytes);
    }
  }
  return counts;
}

}  // namespace

int bench_requests(const RequestOptions& options) {
  const auto target = find_target(options.url);
  if (!target) {
    fmt::print(stderr, "{}\n", target.error().sentence);
    return 2;
  }
  prepare_process();
  const char* given = std::getenv("BUTAI_TOKEN");
  const std::string token = !options.token.empty() || given == nullptr ? options.token : given;
  const auto answer = Fetcher(*target, token).fetch(target->path);
  if (!answer || answer->status != 200) {
    fmt::print(stderr, "{}: {}\n", options.url,
               answer ? fmt::format("answers {}", answer->status) : answer.error().sentence);
    return 1;
  }
  const std::string request = get_request(*target, target->path, token);
  TlsClient tls;
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Asker>> askers;
  for (std::size_t i = 0; i < options.connections; ++i) {
    askers.push_back(std::make_unique<Asker>(*target, tls, request, i));
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
    event.data.u32 = static_cast<std::uint32_t>(i);
    epoll_ctl(poll, EPOLL_CTL_ADD, askers.back()->descriptor(), &event);
  }
  const pid_t found = options.pid != 0 ? options.pid : find_listener(target->port);
  const std::vector<pid_t> server = found != 0 ? std::vector<pid_t>{found} : std::vector<pid_t>{};
  ask_on(poll, askers, steady_micros() + 1'000'000);
  const Usage before = Usage::now(server);
  const double generator = process_cpu_seconds();
  const std::int64_t from = steady_micros();
  const Counts counts = ask_on(poll, askers, from + std::int64_t{options.seconds} * 1'000'000);
  const Micros window{steady_micros() - from};
  const Usage after = Usage::now(server);
  const double cpu =
      after.cpu_seconds + after.softirq_seconds - before.cpu_seconds - before.softirq_seconds;
  Report report;
  report.text("url", options.url);
  report.number("connections", static_cast<double>(options.connections));
  report.number("body_bytes", static_cast<double>(answer->body.size()));
  report.number("answers_per_s",
                static_cast<double>(counts.answers) * 1e6 / static_cast<double>(window.count()));
  if (cpu > 0) report.number("answers_per_cpu_s", static_cast<double>(counts.answers) / cpu);
  report.cost(before, after, window, static_cast<double>(counts.bytes) / 1e9);
  report.number("generator_cores",
                (process_cpu_seconds() - generator) * 1e6 / static_cast<double>(window.count()));
  const auto broken = std::ranges::count_if(askers, [](const auto& each) { return !each->good(); });
  if (broken > 0) report.make_void(fmt::format("{} connections broke", broken));
  ::close(poll);
  fmt::print("{}\n", options.json ? report.to_json() : report.to_table());
  return 0;
}

}  // namespace butai::load
