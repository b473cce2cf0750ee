// E-mail addresses as people type them, and as they stand in letters and on the wire. Accepted is more than
// RFC 5322's dot-atom: old addresses of Japanese carriers (a..b@docomo.ne.jp, a.@ezweb.ne.jp), and UTF-8
// (RFC 6532). What needs it is written as a quoted string. Controls, spaces and CR LF are never accepted, so
// an address cannot become a second header line.
// Thread: any. Limits: kAddressBytesMax, kLocalBytesMax.
// Spec:   RFC 5321 section 4.1.2, RFC 5322 section 3.4.1, RFC 6532.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace butai::mail {

struct Address {
  std::string local;   // without quotes
  std::string domain;  // as typed

  std::string text() const;  // local@domain, the local part quoted where it must be
};

std::optional<Address> parse_address(std::string_view text);

// "Butai <tickets@example.org>" or a bare address: who writes.
struct Sender {
  std::string name;  // may be empty
  Address address;
};
std::optional<Sender> parse_sender(std::string_view text);

}  // namespace butai::mail
