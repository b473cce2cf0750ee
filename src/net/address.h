// IP addresses as values: text to bytes and back, ranges, and what a limit counts.
// Thread: plain values, any.
// Spec:   RFC 4291; IPv4-mapped IPv6 addresses are IPv4 here.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace butai::net {

class Address {
 public:
  static std::optional<Address> parse(std::string_view text);  // no port, no brackets
  static Address of(const sockaddr_storage& socket_address);

  std::string text() const;
  std::string limit_key() const;  // the IPv4 address, or the IPv6 /64
  bool loopback() const;
  bool is_v4() const { return v4_; }
  // The first `bits` of both are equal and both are of one family.
  bool in(const Address& base, int bits) const;
  friend bool operator==(const Address&, const Address&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 in the first four
  bool v4_ = true;
};

// "10.0.0.0/8", "2001:db8::/32", or one address.
struct AddressRange {
  Address base;
  int bits = 0;
  static std::optional<AddressRange> parse(std::string_view text);
  bool has(const Address& address) const { return address.in(base, bits); }
};

}  // namespace butai::net
