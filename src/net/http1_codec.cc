#include "net/http1_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <utility>

#include "net/limits.h"
#include "net/text.h"

namespace butai::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using Text = boost::beast::string_view;

std::string_view sentence_of(HttpError error) {
  switch (error) {
    case HttpError::BareLineFeed:
      return "a line of the head does not end with CR LF";
    case HttpError::FoldedField:
      return "a header field continues on a second line; send it on one";
    case HttpError::ControlByte:
      return "the head contains a control character";
    case HttpError::TooManyFields:
      return "more than 100 header fields";
    case HttpError::HeadTooLarge:
      return "the head is larger than 32 KiB";
    case HttpError::BadSyntax:
      return "not an HTTP/1.1 message";
    case HttpError::BadVersion:
      return "the only versions spoken here are HTTP/1.1 and HTTP/1.0";
    case HttpError::AmbiguousLength:
      return "the body's length is given twice or in two ways";
    case HttpError::UnknownCoding:
      return "the only Transfer-Encoding understood is chunked";
    case HttpError::BadChunk:
      return "the chunked body is malformed";
    case HttpError::BodyTooLarge:
      return "the body is larger than this address takes";
  }
  return "not an HTTP/1.1 message";
}

int status_of(HttpError error) {
  switch (error) {
    case HttpError::TooManyFields:
    case HttpError::HeadTooLarge:
      return 431;
    case HttpError::BodyTooLarge:
      return 413;
    case HttpError::UnknownCoding:
      return 501;
    case HttpError::BadVersion:
      return 505;
    default:
      return 400;
  }
}

std::expected<std::size_t, HttpError> HeadScan::find_end(ByteView input) {
  for (; seen_ < input.size(); ++seen_) {
    if (seen_ >= kHeadBytesMax) return std::unexpected(HttpError::HeadTooLarge);
    const std::uint8_t byte = input[seen_];
    const bool at_line_start = seen_ == line_start_;
    const bool after_cr = seen_ > 0 && input[seen_ - 1] == '\r';
    if (after_cr != (byte == '\n')) {
      return std::unexpected(after_cr ? HttpError::ControlByte : HttpError::BareLineFeed);
    }
    if (byte == '\n') {
      const bool empty_line = seen_ == line_start_ + 1;
      line_start_ = seen_ + 1;
      if (empty_line && lines_ > 0) return seen_ + 1;
      if (empty_line) return std::unexpected(HttpError::BadSyntax);
      if (++lines_ > kHeaderCountMax + 1) return std::unexpected(HttpError::TooManyFields);
    } else if (at_line_start && lines_ > 0 && (byte == ' ' || byte == '\t')) {
      return std::unexpected(HttpError::FoldedField);
    } else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F) {
      return std::unexpected(HttpError::ControlByte);
    }
  }
  return 0;
}

namespace {

// Beast's parser with our stricter rules on top; it fills a head and appends to a body.
template <bool IsRequest>
class Parser final : public http::basic_parser<IsRequest> {
 public:
  explicit Parser(MessageHead& head) : head_(head) {
    this->header_limit(static_cast<std::uint32_t>(kHeadBytesMax));
    this->body_limit(boost::none);  // ours: the route's limit is known only after the head
  }

  void collect_into(std::string& body, std::size_t limit) {
    body_ = &body;
    body_max_ = limit;
  }
  std::optional<HttpError> refused() const { return refused_; }

 private:
  void refuse(HttpError why, error_code& error) {
    refused_ = why;
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb, Text method, Text target, int version, error_code&) override {
    head_.method.assign(method.data(), method.size());
    head_.target.assign(target.data(), target.size());
    head_.version = version;
  }
  void on_response_impl(int status, Text, int version, error_code&) override {
    head_.status = status;
    head_.version = version;
  }
  void on_field_impl(http::field field, Text name, Text value, error_code& error) override {
    error = {};
    if (head_done_) {  // a trailer: read, never believed
      trailer_bytes_ += name.size() + value.size();
      if (trailer_bytes_ > kTrailerBytesMax) refuse(HttpError::BadChunk, error);
      return;
    }
    if (field == http::field::content_length) {
      if (length_seen_ || coding_seen_) return refuse(HttpError::AmbiguousLength, error);
      length_seen_ = true;
      const auto length = number_of({value.data(), value.size()});
      if (!length) return refuse(HttpError::AmbiguousLength, error);
      head_.length = length;
    } else if (field == http::field::transfer_encoding) {
      if (length_seen_ || coding_seen_) return refuse(HttpError::AmbiguousLength, error);
      coding_seen_ = true;
      if (!equal_without_case({value.data(), value.size()}, "chunked")) {
        return refuse(HttpError::UnknownCoding, error);
      }
      head_.chunked = true;
    }
    head_.headers.add(std::string(name), std::string(value));
  }
  void on_header_impl(error_code& error) override {
    error = {};
    head_done_ = true;
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code& error) override {
    error = {};
  }
  std::size_t on_body_impl(Text bytes, error_code& error) override {
    error = {};
    if (body_->size() + bytes.size() > body_max_) {
      refuse(HttpError::BodyTooLarge, error);
      return 0;
    }
    body_->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t size, Text, error_code& error) override {
    error = {};
    if (size > body_max_ || body_->size() + size > body_max_) {
      refuse(HttpError::BodyTooLarge, error);
    }
  }
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(error_code& error) override { error = {}; }

  MessageHead& head_;
  std::string* body_ = nullptr;
  std::size_t body_max_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::optional<HttpError> refused_;
  bool head_done_ = false;
  bool length_seen_ = false;
  bool coding_seen_ = false;
};

}  // namespace

struct Http1Reader::Impl {
  HeadScan scan;
  MessageHead head;
  std::optional<Parser<true>> request;
  std::optional<Parser<false>> answer;
  bool no_body = false;

  void restart(MessageKind kind) {
    scan = {};
    head = {};
    no_body = false;
    if (kind == MessageKind::Request) {
      request.emplace(head);
    } else {
      answer.emplace(head);
    }
  }

  template <class Call>
  auto with(Call call) {
    return request ? call(*request) : call(*answer);
  }
  template <class Call>
  auto with(Call call) const {
    return request ? call(std::as_const(*request)) : call(std::as_const(*answer));
  }

  // One run of the parser; what it could not take without more bytes is not an error.
  std::expected<std::size_t, HttpError> put(ByteView input, HttpError otherwise) {
    return with([&](auto& parser) -> std::expected<std::size_t, HttpError> {
      error_code error;
      const std::size_t taken = parser.put(asio::const_buffer(input.data(), input.size()), error);
      if (parser.refused()) return std::unexpected(*parser.refused());
      if (error == http::error::bad_version) return std::unexpected(HttpError::BadVersion);
      if (error && error != http::error::need_more) return std::unexpected(otherwise);
      return taken;
    });
  }
};

Http1Reader::Http1Reader(MessageKind kind) : impl_(std::make_unique<Impl>()) {
  impl_->restart(kind);
}

Http1Reader::~Http1Reader() = default;

std::expected<std::size_t, HttpError> Http1Reader::read_head(ByteView input) {
  const auto end = impl_->scan.find_end(input);
  if (!end) return std::unexpected(end.error());
  if (*end == 0) return 0;
  const auto taken = impl_->put(input.first(*end), HttpError::BadSyntax);
  if (!taken) return std::unexpected(taken.error());
  const bool complete = impl_->with([](const auto& parser) { return parser.is_header_done(); });
  if (!complete || *taken != *end) return std::unexpected(HttpError::BadSyntax);
  return *end;
}

MessageHead& Http1Reader::head() { return impl_->head; }

void Http1Reader::restart() {
  impl_->restart(impl_->request ? MessageKind::Request : MessageKind::Answer);
}

void Http1Reader::expect_no_body() { impl_->no_body = true; }

std::expected<std::size_t, HttpError> Http1Reader::read_body(ByteView input, std::string& body,
                                                             std::size_t body_max) {
  if (impl_->head.length && *impl_->head.length > body_max) {
    return std::unexpected(HttpError::BodyTooLarge);
  }
  impl_->with([&](auto& parser) {
    parser.eager(true);
    parser.collect_into(body, body_max);
  });
  std::size_t taken = 0;
  while (!done() && taken < input.size()) {
    const auto step = impl_->put(input.subspan(taken), HttpError::BadChunk);
    if (!step) return step;
    if (*step == 0) break;
    taken += *step;
  }
  if (!done() && input.size() - taken > kChunkLineBytesMax + kTrailerBytesMax) {
    return std::unexpected(HttpError::BadChunk);
  }
  return taken;
}

bool Http1Reader::ends_here() {
  if (done()) return true;
  return impl_->with([](auto& parser) {
    if (!parser.is_header_done() || !parser.need_eof()) return false;
    error_code error;
    parser.put_eof(error);
    return !error;
  });
}

bool Http1Reader::done() const {
  return impl_->no_body || impl_->with([](const auto& parser) { return parser.is_done(); });
}

namespace {

bool splits(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

std::string write_head(int status, const Headers& headers) {
  std::string head;
  head.reserve(512);
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\n", status, reason_of(status));
  for (const auto& [name, value] : headers.all()) {
    // A handler's value must not be able to start a field of its own (response splitting).
    if (splits(name) || splits(value)) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  head.append("\r\n");
  return head;
}

}  // namespace butai::net
