// Requests and answers as values of ours, the same for HTTP/1.1 and HTTP/2.
// Flow:   http1_connection | http2_connection -> admission -> handler -> Exchange -> connection
// Thread: an Exchange and everything a handler is given belong to one loop.
// Limits: net/limits.h (header bytes, header count, body bytes, time to complete a request).
// Spec:   RFC 9110, RFC 9112, RFC 9113; errors RFC 9457.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace butai::net {

class Loop;

enum class Method : std::uint8_t { Get, Head, Post, Put, Patch, Delete, Options };
std::string_view name_of(Method method);                    // GET
std::optional<Method> method_named(std::string_view name);  // case matters
std::string_view reason_of(int status);                     // Not Found

// A list of name-value pairs in wire order; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value) {
    list_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string name, std::string value);  // replaces every field of that name
  void remove(std::string_view name);
  // The first field of that name; valid until a field is added or removed.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return list_; }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

// The head of one message. For an answer `status` is set, for a request method and target.
struct MessageHead {
  std::string method;
  std::string target;
  int status = 0;
  int version = 11;                     // 10, 11 or 20; others are for the caller to refuse
  Headers headers;                      // HTTP/2's :authority is here as Host
  std::optional<std::uint64_t> length;  // Content-Length
  bool chunked = false;
};

// Where a request came from, after the configured proxies (and only those) were believed.
struct Peer {
  std::string address;    // the viewer's IP address in text; IPv4-mapped IPv6 is written as IPv4
  std::string limit_key;  // what limits count: the IPv4 address, or the IPv6 /64
  bool loopback = false;
  bool secure = false;  // https or wss, here or at a trusted proxy
  std::string origin;   // scheme://host[:port] as the viewer sees this server (public_url if set)
};

// Who asks, as the Guard found; a default-made one is nobody.
struct Principal {
  std::string subject;              // JWT sub; empty: nobody
  std::vector<std::string> scopes;  // publish:NAME view:NAME control admin
  std::optional<Utc> expires;
  std::string play;  // the play whose signed path was used; else empty
  bool has(std::string_view scope) const;
};

struct Request {
  Method method = Method::Get;
  std::string path;    // percent-decoded once, without the /t/TOKEN prefix; always starts with /
  std::string target;  // as sent; never logged (it may carry a token)
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  Headers headers;
  std::string body;
  Peer peer;
  std::string path_token;                                 // TOKEN of /t/TOKEN/…; empty without
  std::vector<std::pair<std::string, std::string>> args;  // {channel} of the route's pattern
  Principal principal;  // filled by the Router before the handler runs

  std::optional<std::string_view> query_value(std::string_view name) const;
  std::string_view arg(std::string_view name) const;  // empty when the pattern has no such name
};

struct Response {
  int status = 200;
  Headers headers;
  std::vector<Bytes> body;  // written one after another, never joined

  static Response text(int status, std::string_view type, std::string_view body);
  static Response json(std::string_view body, int status = 200);
  // application/problem+json with type, title, status, detail. `detail` says what to do.
  static Response problem(int status, std::string_view detail);
};

// An answer made once and given to many requests; neither fields nor bytes ever change. A protocol
// may keep its own form of the head with it, so that giving it again costs one send.
// Thread: one loop.
class ReadyAnswer {
 public:
  // A protocol's form of the head.
  struct Head {
    virtual ~Head() = default;
  };
  enum class Protocol : std::uint8_t { Http1, Http2 };

  explicit ReadyAnswer(Response response);
  const Response& response() const { return response_; }
  std::size_t size() const { return size_; }  // of the body
  std::unique_ptr<Head>& head(Protocol protocol) {
    return heads_[static_cast<std::size_t>(protocol)];
  }

 private:
  Response response_;
  std::size_t size_ = 0;
  std::array<std::unique_ptr<Head>, 2> heads_;
};
using ReadyAnswerPtr = std::shared_ptr<ReadyAnswer>;

// The rest of a body that is written piece by piece. Loop-affine; destroying it without finish()
// cuts the connection, or over HTTP/2 the stream.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  virtual void write(std::vector<Bytes> pieces) = 0;
  virtual std::size_t unsent() const = 0;  // bytes accepted here and not yet taken by the kernel
  virtual void on_drained(std::function<void()> callback) = 0;  // unsent() fell to zero
  virtual void on_gone(std::function<void()> callback) = 0;     // the peer went away
  virtual void finish() = 0;
};

// One request being answered; answer once, now or later, on its loop. Destroying it unanswered
// answers 500.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual Loop& loop() = 0;
  virtual void respond(Response response) = 0;
  virtual void give(const ReadyAnswerPtr& answer) { respond(answer->response()); }
  virtual std::unique_ptr<BodyWriter> stream(Response head) = 0;
  // Called when the peer goes away before the answer; afterwards respond() does nothing.
  virtual void on_gone(std::function<void()> callback) = 0;
};
using ExchangePtr = std::unique_ptr<Exchange>;

}  // namespace butai::net
