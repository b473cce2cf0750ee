#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "net/text.h"

namespace butai::net {

namespace {

bool is_mapped(const std::array<std::uint8_t, 16>& bytes) {
  static constexpr std::array<std::uint8_t, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(kPrefix.begin(), kPrefix.end(), bytes.begin());
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (text.size() > INET6_ADDRSTRLEN) return std::nullopt;
  const std::string terminated(text);
  Address address;
  if (::inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) return address;
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) != 1) return std::nullopt;
  if (is_mapped(address.bytes_)) {
    std::copy_n(address.bytes_.begin() + 12, 4, address.bytes_.begin());
    std::fill(address.bytes_.begin() + 4, address.bytes_.end(), std::uint8_t{0});
  } else {
    address.v4_ = false;
  }
  return address;
}

Address Address::of(const sockaddr_storage& socket_address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (socket_address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(socket_address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(socket_address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  }
  return parse(text.data()).value_or(Address{});
}

std::string Address::text() const {
  if (v4_) return fmt::format("{}.{}.{}.{}", bytes_[0], bytes_[1], bytes_[2], bytes_[3]);
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::string Address::limit_key() const {
  if (v4_) return text();
  Address network = *this;
  std::fill(network.bytes_.begin() + 8, network.bytes_.end(), std::uint8_t{0});
  return network.text() + "/64";
}

bool Address::loopback() const {
  if (v4_) return bytes_[0] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; });
}

bool Address::in(const Address& base, int bits) const {
  if (v4_ != base.v4_) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(base.bytes_.begin(), base.bytes_.begin() + static_cast<std::ptrdiff_t>(whole),
                  bytes_.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFF << (8 - bits % 8));
  return (bytes_[whole] & mask) == (base.bytes_[whole] & mask);
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = Address::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const int bits_max = base->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return AddressRange{*base, bits_max};
  const auto bits = number_of(text.substr(slash + 1));
  if (!bits || *bits > static_cast<std::uint64_t>(bits_max)) return std::nullopt;
  return AddressRange{*base, static_cast<int>(*bits)};
}

}  // namespace butai::net
