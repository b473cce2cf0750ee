#include "net/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/random.h"
#include "net/dialer.h"
#include "net/http1_codec.h"
#include "net/limits.h"
#include "net/text.h"
#include "net/websocket_connection.h"
#include "net/websocket_upgrade.h"

namespace butai::net {

namespace {

std::string request_bytes(Method method, const Url& url, const Headers& headers,
                          std::string_view body) {
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", name_of(method), url.target, url.authority());
  for (const auto& [name, value] : headers.all()) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) continue;
    text.append(name).append(": ").append(value).append("\r\n");
  }
  return text.append("\r\n").append(body);
}

// What the problem+json of a refusal says to people, or its first line.
std::string detail_of(std::string_view body) {
  static constexpr std::string_view kKey = "\"detail\":\"";
  const std::size_t at = body.find(kKey);
  if (at == std::string_view::npos) return {};
  std::string detail;
  for (std::size_t i = at + kKey.size(); i < body.size() && body[i] != '"'; ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) ++i;
    detail += body[i];
  }
  return detail;
}

// One request on its own connection; answers the head and body, or becomes a WebSocket.
// It keeps itself on the loop until it has called back.
class Asking final : public std::enable_shared_from_this<Asking>, private TransportUser {
 public:
  struct Outcome {
    std::function<void(Expected<ClientResponse>)> answered;
    // Set for WebSockets: called instead on 101, with what came behind the head.
    std::function<void(const MessageHead&, std::shared_ptr<Transport>, ByteView)> upgraded;
  };

  Asking(Loop& loop, Url url, const ClientOptions& options, Method method, std::string bytes,
         Outcome outcome)
      : loop_(loop),
        url_(std::move(url)),
        options_(options),
        method_(method),
        bytes_(std::move(bytes)),
        outcome_(std::move(outcome)) {}
  ~Asking() {
    if (transport_) transport_->detach();
  }

  void start() {
    loop_.keep(shared_from_this());
    const auto ends_at = std::chrono::steady_clock::now() + options_.timeout;
    dialing_ =
        dial(loop_, url_, options_, [this, ends_at](Expected<std::shared_ptr<Transport>> made) {
          if (!made) return done(problem(made.error().sentence));
          const auto left =
              std::chrono::duration_cast<Micros>(ends_at - std::chrono::steady_clock::now());
          timer_ = loop_.after(std::max(left, Micros{0}), [this] {
            done(problem(fmt::format("{}: no answer within {} s", url_.authority(),
                                     options_.timeout.count() / 1000)));
          });
          transport_ = std::move(*made);
          transport_->start(*this);
        });
  }

 private:
  void on_open() override { transport_->send(as_bytes(bytes_)); }
  void on_drained() override {}

  void on_received(ByteView bytes) override {
    const auto self = shared_from_this();
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    while (!over_) {
      if (!head_read_) {
        const auto taken = reader_->read_head(input_);
        if (!taken) return done(problem(bad_answer(taken.error())));
        if (*taken == 0) return;
        drop_front(*taken);
        if (!take_head()) continue;
      }
      if (!reader_->done()) {
        const auto taken = reader_->read_body(input_, answer_.body, kFetchBytesMax);
        if (!taken) return done(problem(bad_answer(taken.error())));
        drop_front(*taken);
      }
      if (reader_->done()) return done(std::move(answer_));
      return;
    }
  }

  // False when the head was an interim one (100) or the connection is a WebSocket now.
  bool take_head() {
    const MessageHead& head = reader_->head();
    if (head.status == 101 && outcome_.upgraded) {
      const auto upgraded = std::exchange(outcome_.upgraded, nullptr);
      over_ = true;
      timer_.reset();
      loop_.release(this);
      transport_->detach();
      upgraded(head, std::exchange(transport_, nullptr), input_);
      return false;
    }
    if (head.status < 200) {
      reader_ = std::make_unique<Http1Reader>(MessageKind::Answer);
      return false;
    }
    head_read_ = true;
    timer_.reset();  // `timeout` is for the head; the body has its own
    timer_ = loop_.after(options_.timeout, [this] {
      done(problem(fmt::format("{}: the answer came too slowly", url_.authority())));
    });
    answer_.status = head.status;
    answer_.headers = head.headers;
    if (method_ == Method::Head) reader_->expect_no_body();
    return true;
  }

  void on_ended(End) override {
    const auto self = shared_from_this();
    if (head_read_ && reader_->ends_here()) return done(std::move(answer_));
    const std::string& why = transport_->failure();
    done(problem(why.empty()
                     ? fmt::format("{} closed the connection without an answer", url_.authority())
                     : why));
  }

  void done(Expected<ClientResponse> result) {
    if (std::exchange(over_, true)) return;
    const auto self = shared_from_this();
    timer_.reset();
    if (transport_) transport_->finish();
    loop_.release(this);
    const auto answered = std::exchange(outcome_.answered, nullptr);
    answered(std::move(result));
  }

  std::string bad_answer(HttpError error) const {
    return fmt::format("{} answered what is not HTTP: {}", url_.authority(), sentence_of(error));
  }
  void drop_front(std::size_t count) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  Loop& loop_;
  const Url url_;
  const ClientOptions options_;
  const Method method_;
  const std::string bytes_;
  Outcome outcome_;
  std::shared_ptr<Dialing> dialing_;
  std::shared_ptr<Transport> transport_;
  std::unique_ptr<Http1Reader> reader_ = std::make_unique<Http1Reader>(MessageKind::Answer);
  std::vector<std::uint8_t> input_;
  ClientResponse answer_;
  TimerHandle timer_;
  bool head_read_ = false;
  bool over_ = false;
};

std::string new_key() {
  std::array<std::uint8_t, 16> bytes{};
  SystemRandom().fill(bytes);
  return base64(bytes);
}

Headers handshake_fields(const ClientOptions& options, const std::string& key) {
  Headers headers;
  headers.add("Upgrade", "websocket");
  headers.add("Connection", "Upgrade");
  headers.add("Sec-WebSocket-Version", "13");
  headers.add("Sec-WebSocket-Key", key);
  std::string offered;
  for (const std::string& subprotocol : options.subprotocols) {
    offered.append(offered.empty() ? "" : ", ").append(subprotocol);
  }
  if (!offered.empty()) headers.add("Sec-WebSocket-Protocol", offered);
  for (const auto& [name, value] : options.headers.all()) headers.add(name, value);
  return headers;
}

bool accepts(const MessageHead& head, const std::string& key, const ClientOptions& options) {
  const auto accepted = head.headers.find("Sec-WebSocket-Accept");
  if (!accepted || *accepted != accept_key(key) || !wants_websocket(head)) return false;
  if (head.headers.find("Sec-WebSocket-Extensions")) return false;
  const auto chosen = head.headers.find("Sec-WebSocket-Protocol");
  return !chosen || std::ranges::count(options.subprotocols, *chosen) > 0;
}

}  // namespace

void connect_websocket(Loop& loop, const std::string& url, const ClientOptions& options,
                       const WebSocketLimits& limits, std::unique_ptr<WebSocketHandler> handler,
                       std::function<void(ConnectFailure)> failed) {
  const auto parsed = Url::parse(url);
  if (!parsed || !parsed->scheme.starts_with("ws")) {
    loop.post([failed = std::move(failed)] {
      failed({0, "the address must look like wss://HOST[:PORT]/PATH"});
    });
    return;
  }
  const std::string key = new_key();
  Asking::Outcome outcome;
  outcome.answered = [failed](Expected<ClientResponse> answer) {
    if (!answer) return failed({0, answer.error().sentence});
    const std::string detail = detail_of(answer->body);
    failed({answer->status, fmt::format("the server answered {}{}{}", answer->status,
                                        detail.empty() ? "" : ": ", detail)});
  };
  // std::function wants what can be copied; the handler waits in a box.
  const auto box = std::make_shared<std::unique_ptr<WebSocketHandler>>(std::move(handler));
  outcome.upgraded = [&loop, key, options, limits, box, failed](
                         const MessageHead& head, std::shared_ptr<Transport> transport,
                         ByteView early) {
    if (!accepts(head, key, options)) {
      transport->drop();
      return failed({101, "the server's WebSocket handshake is not valid"});
    }
    const auto socket = std::make_shared<WebSocketConnection>(
        WebSocketSession::Role::Client, std::move(transport), limits, std::move(*box),
        WebSocketCounters{}, [&loop](WebSocketConnection& over) { loop.release(&over); });
    loop.keep(socket);
    socket->open(early);
  };
  const auto fields = handshake_fields(options, key);
  loop.post([asking = std::make_shared<Asking>(loop, *parsed, options, Method::Get,
                                               request_bytes(Method::Get, *parsed, fields, ""),
                                               std::move(outcome))] { asking->start(); });
}

void fetch(Loop& loop, Method method, const std::string& url, const ClientOptions& options,
           const std::string& body, std::function<void(Expected<ClientResponse>)> done) {
  const auto parsed = Url::parse(url);
  if (!parsed || !parsed->scheme.starts_with("http")) {
    loop.post([done = std::move(done)] {
      done(problem("the address must look like https://HOST[:PORT]/PATH"));
    });
    return;
  }
  Headers headers = options.headers;
  headers.set("Connection", "close");
  const bool has_body = method == Method::Post || method == Method::Put || method == Method::Patch;
  if (has_body || !body.empty()) headers.set("Content-Length", std::to_string(body.size()));
  loop.post([asking = std::make_shared<Asking>(
                 loop, *parsed, options, method, request_bytes(method, *parsed, headers, body),
                 Asking::Outcome{std::move(done), nullptr})] { asking->start(); });
}

}  // namespace butai::net
