#include "client/watcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "client/limits.h"
#include "client/link_handler.h"

namespace butai::client {
namespace {

namespace json = boost::json;

json::value member(std::string_view body, json::string_view name) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error);
  const json::object* object = error ? nullptr : value.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? json::value() : *found;
}

std::string text_in(std::string_view body, json::string_view name) {
  const json::value found = member(body, name);
  return found.is_string() ? std::string(found.get_string()) : std::string();
}

}  // namespace

Watcher::Watcher(net::Loop& loop, const Clock& clock, Random& random, WatchOptions options,
                 WatchTarget target, StatusLine& status, std::function<void()> over)
    : loop_(loop),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      target_(std::move(target)),
      status_(status),
      over_(std::move(over)),
      token_(options_.token, options_.token_file),
      backoff_(random),
      licenses_(loop, clock, seen_, opener_,
                [this](const std::string& sentence) { status_.say(sentence); }) {
  if (!options_.save.empty()) save_.open(options_.save, std::ios::binary | std::ios::trunc);
}

void Watcher::start() {
  began_ = connecting_at_ = shown_at_ = clock_.steady();
  if (!options_.save.empty() && !save_.is_open()) {
    status_.say(fmt::format("{} cannot be written; name another file", options_.save));
    return finish();
  }
  if (options_.seconds > 0) end_timer_ = loop_.after(Seconds{options_.seconds}, [this] { stop(); });
  if (!options_.json) {
    status_timer_ = loop_.after(status_.interval(), [this] { show_status(); });
  }
  watch_token();
  if (target_.socket_url.empty()) return ask_for_play();
  if (auto url = license_beside(target_.socket_url)) {
    licenses_.know(std::move(*url), false, socket_options());
  }
  connect();
}

net::ClientOptions Watcher::client_options() {
  net::ClientOptions options;
  options.ca_file = options_.ca_file;
  options.pin = options_.pin;
  options.timeout = kConnectTime;
  options.headers = token_.headers();
  return options;
}

// An address of a play carries its right in the path; a second one beside it would be refused.
net::ClientOptions Watcher::socket_options() {
  net::ClientOptions options = client_options();
  if (target_.signed_path()) options.headers = {};
  return options;
}

void Watcher::ask_for_play() {
  net::ClientOptions options = client_options();
  options.headers.add("Content-Type", "application/json");
  net::fetch(loop_, net::Method::Post, target_.plays_url, options,
             json::serialize(json::object{{"channel", target_.channel}}),
             [this](const Expected<net::ClientResponse>& answer) { take_play(answer); });
}

void Watcher::take_play(const Expected<net::ClientResponse>& answer) {
  if (stopping_) return finish();
  if (!answer)
    return decide(judge_refusal(Part::Viewer, target_.channel, 0, answer.error().sentence));
  if (answer->status / 100 != 2) {
    return decide(judge_refusal(Part::Viewer, target_.channel, answer->status,
                                text_in(answer->body, "detail")));
  }
  auto url = socket_of_play(target_.plays_url, text_in(answer->body, "ws"), options_.format);
  if (!url) return decide({Next::GiveUp, url.error().sentence});
  target_.socket_url = std::move(*url);
  net::ClientOptions options = client_options();
  options.headers = {};  // the right is in the address
  licenses_.know(text_in(answer->body, "license"),
                 member(answer->body, "license_tokens") == json::value(true), std::move(options));
  connect();
}

std::string Watcher::address() const {
  if (!after_) return target_.socket_url;
  const bool has_query = target_.socket_url.find('?') != std::string::npos;
  return fmt::format("{}{}after={}", target_.socket_url, has_query ? '&' : '?', micros_of(*after_));
}

void Watcher::connect() {
  token_.refresh();
  Downlink::Hooks hooks;
  if (save_.is_open()) {
    hooks.save = [this](ByteView bytes) {
      const std::string_view text = as_text(bytes);
      save_.write(text.data(), static_cast<std::streamsize>(text.size()));
    };
  }
  hooks.keys = [this](const std::vector<std::string>& kids) { licenses_.ask(kids); };
  hooks.encrypted = [this](const media::Track& track, const Bytes& chunk) {
    if (!seen_.keys_with_service) opener_.take(track, chunk);
  };
  hooks.moved = [this](const std::string& url, Millis within) { move_to(url, within); };
  hooks.ended = [this](const Ending& ending) { take_ending(ending); };
  downlink_ = std::make_shared<Downlink>(clock_, options_.format, connecting_at_, seen_, hooks);
  connected_at_ = clock_.steady();
  net::connect_websocket(
      loop_, address(), socket_options(),
      net::WebSocketLimits{.message_bytes_max = kMessageBytesMax},
      std::make_unique<LinkHandler>(downlink_),
      [this, weak = std::weak_ptr(downlink_)](const net::ConnectFailure& failure) {
        if (weak.expired()) return;
        downlink_.reset();
        decide(judge_refusal(Part::Viewer, target_.channel, failure.status, failure.sentence));
      });
}

// A server that stops spreads its viewers over the time that it has.
void Watcher::move_to(const std::string& url, Millis within) {
  if (auto moved = socket_of_play(target_.socket_url, url, options_.format)) {
    target_.socket_url = std::move(*moved);
  }
  const auto spread =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(within.count(), 0, 60'000));
  move_timer_ = loop_.after(Millis{static_cast<std::int64_t>(random_.number(spread + 1))}, [this] {
    if (downlink_) downlink_->close("moving");
  });
}

void Watcher::take_ending(const Ending& ending) {
  if (const auto edge = downlink_ ? downlink_->edge() : std::nullopt) after_ = edge;
  downlink_.reset();
  move_timer_.reset();
  if (stopping_) return finish();
  const bool settled = clock_.steady() - connected_at_ > kSettledAfter;
  if (settled) backoff_.reset();
  if (ending.code == 4401 && token_.refresh())
    return decide({Next::Retry, "the token was renewed"});
  if (settled && !ending.moved_to.empty()) {  // two servers that send us to each other get waits
    ++seen_.reconnects;
    return connect();
  }
  decide(judge_close(Part::Viewer, target_.channel, ending.code, ending.reason));
}

void Watcher::decide(const Verdict& verdict) {
  if (stopping_) return finish();
  status_.say(verdict.next == Next::Retry ? verdict.sentence + "; trying again" : verdict.sentence);
  if (verdict.next != Next::Retry) return finish();
  ++seen_.reconnects;
  retry_ = loop_.after(backoff_.next(),
                       [this] { target_.socket_url.empty() ? ask_for_play() : connect(); });
}

void Watcher::watch_token() {
  token_timer_ = loop_.after(kTokenFileCheck, [this] {
    const bool ours = !target_.signed_path();
    if (token_.refresh() && ours && downlink_) downlink_->renew(token_.token());
    watch_token();
  });
}

void Watcher::show_status() {
  const Steady now = clock_.steady();
  const double seconds = std::chrono::duration<double>(now - std::exchange(shown_at_, now)).count();
  const std::uint64_t bytes = seen_.bytes - std::exchange(shown_bytes_, seen_.bytes);
  status_.show(to_status(seen_, static_cast<double>(bytes) * 8 / seconds));
  status_timer_ = loop_.after(status_.interval(), [this] { show_status(); });
}

Micros Watcher::lasted() const {
  return std::chrono::duration_cast<Micros>(clock_.steady() - began_);
}

void Watcher::stop() {
  if (std::exchange(stopping_, true)) return;
  // A closing handshake would only wait for the other side; the figures are complete.
  finish();
}

void Watcher::finish() {
  retry_.reset();
  status_timer_.reset();
  token_timer_.reset();
  end_timer_.reset();
  move_timer_.reset();
  if (over_) std::exchange(over_, nullptr)();
}

}  // namespace butai::client
