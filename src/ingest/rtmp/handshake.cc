#include "ingest/rtmp/handshake.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "access/mac.h"

namespace butai::ingest::rtmp {
namespace {

constexpr std::uint8_t kVersion = 3;
constexpr std::size_t kPacket = 1536;  // C1, C2, S1, S2
constexpr std::size_t kDigest = 32;

// What Flash players and Flash Media Server sign with: text, then the same 32 bytes for both.
constexpr std::string_view kPlayer = "Genuine Adobe Flash Player 001";
constexpr std::string_view kServer = "Genuine Adobe Flash Media Server 001";
constexpr std::array<std::uint8_t, 32> kCrud = {
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57,
    0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae};
constexpr std::array<std::uint8_t, 4> kPlayerVersion = {9, 0, 124, 2};
constexpr std::array<std::uint8_t, 4> kServerVersion = {4, 5, 0, 1};

std::vector<std::uint8_t> whole_key(std::string_view text) {
  std::vector<std::uint8_t> key(text.begin(), text.end());
  key.insert(key.end(), kCrud.begin(), kCrud.end());
  return key;
}

// Where the digest of a C1 or S1 lies: four bytes that add up to an offset stand at 8 or at 772.
enum class Place : std::uint8_t { Front, Back };
std::size_t digest_at(ByteView packet, Place place) {
  const std::size_t base = place == Place::Front ? 8 : 772;
  const std::size_t sum =
      std::size_t{packet[base]} + packet[base + 1] + packet[base + 2] + packet[base + 3];
  return sum % 728 + base + 4;
}

access::Key32 digest_of(ByteView packet, std::size_t at, std::string_view key) {
  std::vector<std::uint8_t> rest(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(at));
  rest.insert(rest.end(), packet.begin() + static_cast<std::ptrdiff_t>(at + kDigest), packet.end());
  return access::hmac_sha256(as_bytes(key), rest);
}

std::optional<Place> find_digest(ByteView packet, std::string_view key) {
  for (const Place place : {Place::Front, Place::Back}) {
    const std::size_t at = digest_at(packet, place);
    if (std::ranges::equal(digest_of(packet, at, key), packet.subspan(at, kDigest))) return place;
  }
  return std::nullopt;
}

using Packet = std::array<std::uint8_t, kPacket>;

// Time 0, a version (0 in the plain form), random bytes.
Packet first_packet(Random& random, std::array<std::uint8_t, 4> version) {
  Packet packet{};
  random.fill(std::span(packet).subspan(8));
  std::ranges::copy(version, packet.begin() + 4);
  return packet;
}

void sign(Packet& packet, Place place, std::string_view key) {
  const std::size_t at = digest_at(packet, place);
  std::ranges::copy(digest_of(packet, at, key), packet.begin() + static_cast<std::ptrdiff_t>(at));
}

// C2 or S2 in answer to a packet whose digest was found.
Packet second_packet(Random& random, ByteView digest, std::string_view key) {
  Packet packet{};
  random.fill(packet);
  const access::Key32 inner = access::hmac_sha256(whole_key(key), digest);
  const auto mac = access::hmac_sha256(inner, ByteView(packet).first(kPacket - kDigest));
  std::ranges::copy(mac, packet.end() - kDigest);
  return packet;
}

void append(std::vector<std::uint8_t>& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

std::string_view sentence(HandshakeError error) {
  switch (error) {
    case HandshakeError::NotRtmp:
      return "this is not RTMP; over TLS it belongs to the rtmps port";
    case HandshakeError::Encrypted:
      return "RTMPE is not taken; use rtmps://";
    case HandshakeError::BadDigest:
      return "the server's handshake is not signed as it should be";
  }
  return "the handshake failed";
}

Handshake::Handshake(Role role, Random& random, HandshakeForm form)
    : role_(role), random_(random), form_(form) {}

void Handshake::begin(std::vector<std::uint8_t>& out) {
  const bool plain = form_ == HandshakeForm::Plain;
  Packet c1 = first_packet(random_, plain ? std::array<std::uint8_t, 4>{} : kPlayerVersion);
  if (!plain) sign(c1, Place::Front, kPlayer);
  out.push_back(kVersion);
  append(out, c1);
}

std::expected<bool, HandshakeError> Handshake::take(ByteView& bytes,
                                                    std::vector<std::uint8_t>& out) {
  while (!bytes.empty()) {
    if (stage_ == Stage::Version) {
      if (const auto fit = take_version(bytes.front()); !fit) return std::unexpected(fit.error());
      bytes = bytes.subspan(1);
      stage_ = Stage::First;
      continue;
    }
    const ByteView piece = bytes.first(std::min(kPacket - got_.size(), bytes.size()));
    append(got_, piece);
    bytes = bytes.subspan(piece.size());
    if (got_.size() < kPacket) continue;
    if (stage_ == Stage::Second) return true;
    if (role_ == Role::Server) {
      answer_client(got_, out);
    } else if (const auto fit = answer_server(got_, out); !fit) {
      return std::unexpected(fit.error());
    }
    got_.clear();
    stage_ = Stage::Second;
  }
  return false;
}

std::expected<void, HandshakeError> Handshake::take_version(std::uint8_t version) const {
  if (version == kVersion) return {};
  const bool encrypted = version == 6 || version == 8 || version == 9;
  return std::unexpected(encrypted ? HandshakeError::Encrypted : HandshakeError::NotRtmp);
}

// S0, S1 and S2 at once.
void Handshake::answer_client(ByteView c1, std::vector<std::uint8_t>& out) {
  out.push_back(kVersion);
  const auto place = find_digest(c1, kPlayer);
  if (!place) {
    form_ = HandshakeForm::Plain;
    append(out, first_packet(random_, {}));
    return append(out, c1);
  }
  form_ = HandshakeForm::Digest;
  Packet s1 = first_packet(random_, kServerVersion);
  sign(s1, *place, kServer);
  append(out, s1);
  append(out, second_packet(random_, c1.subspan(digest_at(c1, *place), kDigest), kServer));
}

std::expected<void, HandshakeError> Handshake::answer_server(ByteView s1,
                                                             std::vector<std::uint8_t>& out) {
  const bool signs = form_ == HandshakeForm::Digest &&
                     !std::ranges::all_of(s1.subspan(4, 4), [](auto byte) { return byte == 0; });
  if (!signs) {
    append(out, s1);
    return {};
  }
  const auto place = find_digest(s1, kServer);
  if (!place) return std::unexpected(HandshakeError::BadDigest);
  append(out, second_packet(random_, s1.subspan(digest_at(s1, *place), kDigest), kPlayer));
  return {};
}

}  // namespace butai::ingest::rtmp
