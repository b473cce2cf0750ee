#include "load/fetcher.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "load/instrument.h"
#include "load/limits.h"

namespace butai::load {
namespace {

void wait_for(const Link& link, short events) {
  pollfd one{.fd = link.descriptor(), .events = events, .revents = 0};
  poll(&one, 1, 100);
}

template <class Number>
Number number_at(std::string_view text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

AnswerHead read_answer_head(std::string_view bytes) {
  static constexpr std::string_view kLength = "\r\ncontent-length: ";
  AnswerHead head;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return head;
  head.bytes = end + 4;
  std::string lower(bytes.substr(0, end));
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::size_t length = lower.find(kLength);
  const std::size_t space = lower.find(' ');
  if (length == std::string::npos || space == std::string::npos) return head;
  head.status = number_at<int>(std::string_view(lower).substr(space + 1));
  head.body = number_at<std::size_t>(std::string_view(lower).substr(length + kLength.size()));
  return head;
}

Expected<void> Fetcher::connect() {
  link_ = std::make_unique<Link>();
  if (!link_->begin(target_, &tls_, 0)) return problem("no connection can be begun");
  const std::int64_t until = steady_micros() + std::chrono::microseconds(kConnectMax).count();
  while (steady_micros() < until) {
    const Link::State state = link_->advance();
    if (state == Link::State::Open) return {};
    if (state == Link::State::Failed) break;
    wait_for(*link_, state == Link::State::Connecting ? POLLOUT : POLLIN);
  }
  link_.reset();
  return problem(fmt::format("{} cannot be reached", target_.authority));
}

std::uint64_t Fetcher::wire_count() {
  return link_->secure() ? BIO_number_read(SSL_get_rbio(link_->ssl())) : plain_bytes_;
}

Expected<Answer> Fetcher::fetch(std::string_view path) {
  if (!link_) {
    if (const auto connected = connect(); !connected) return std::unexpected(connected.error());
  }
  const std::uint64_t wire_before = wire_count();
  if (!link_->write(get_request(target_, path, token_))) {
    link_.reset();
    return problem("the connection was closed");
  }
  std::vector<std::uint8_t> bytes;
  std::array<std::uint8_t, 64 * 1024> piece;
  AnswerHead head;
  const std::int64_t until = steady_micros() + std::chrono::microseconds(kConnectMax).count();
  while (steady_micros() < until && bytes.size() < kMessageBytesMax) {
    const long got = link_->read(piece);
    if (got < 0) break;
    if (got == 0) {
      wait_for(*link_, POLLIN);
      continue;
    }
    plain_bytes_ += static_cast<std::uint64_t>(got);
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + got);
    if (head.bytes == 0) head = read_answer_head(as_text(bytes));
    if (head.bytes == 0) continue;
    if (head.status == 0) break;
    if (bytes.size() < head.bytes + head.body) continue;
    Answer answer;
    answer.status = head.status;
    answer.wire_bytes = wire_count() - wire_before;
    answer.body.assign(bytes.begin() + static_cast<std::ptrdiff_t>(head.bytes), bytes.end());
    return answer;
  }
  link_.reset();
  return problem(fmt::format("{}{}: no whole answer", target_.authority, path));
}

}  // namespace butai::load
