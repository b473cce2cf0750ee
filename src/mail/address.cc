#include "mail/address.h"

#include <algorithm>

#include "mail/limits.h"
#include "net/text.h"
#include "net/utf8.h"

namespace butai::mail {
namespace {

bool is_plain(unsigned char c) { return c > 0x20 && c != 0x7f; }

bool is_letter_or_digit(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

// RFC 5322 section 3.2.3, with RFC 6532's UTF-8.
bool is_atext(unsigned char c) {
  return is_letter_or_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(static_cast<char>(c)) !=
             std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' && !text.contains("..") &&
         std::ranges::all_of(text, [](unsigned char c) { return c == '.' || is_atext(c); });
}

bool is_domain(std::string_view text) {
  if (text.empty() || text.starts_with('.') || text.ends_with('.') || text.contains("..")) {
    return false;
  }
  return std::ranges::all_of(
      text, [](unsigned char c) { return c == '.' || c == '-' || is_letter_or_digit(c); });
}

}  // namespace

std::string Address::text() const {
  if (is_dot_atom(local)) return local + "@" + domain;
  std::string quoted = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"@" + domain;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == text.npos || text.size() > kAddressBytesMax || !net::is_utf8(text)) return std::nullopt;
  Address address{std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
  const bool local = !address.local.empty() && address.local.size() <= kLocalBytesMax &&
                     std::ranges::all_of(address.local, is_plain);
  if (!local || !is_domain(address.domain)) return std::nullopt;
  return address;
}

std::optional<Sender> parse_sender(std::string_view text) {
  const auto controls = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, controls) || !net::is_utf8(text)) return std::nullopt;
  const std::size_t open = text.find('<');
  if (open == text.npos) {
    const auto address = parse_address(net::trimmed(text));
    return address ? std::optional(Sender{"", *address}) : std::nullopt;
  }
  if (!text.ends_with('>')) return std::nullopt;
  const auto address = parse_address(text.substr(open + 1, text.size() - open - 2));
  if (!address) return std::nullopt;
  return Sender{std::string(net::trimmed(text.substr(0, open))), *address};
}

}  // namespace butai::mail
