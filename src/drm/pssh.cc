#include "drm/pssh.h"

#include <algorithm>

#include "drm/limits.h"
#include "drm/text.h"
#include "media/box_writer.h"
#include "media/byte_reader.h"
#include "media/protection_writer.h"

namespace butai::drm {
namespace {

std::array<std::uint8_t, 16> system_named(std::string_view uuid) { return *from_uuid(uuid); }

void append_varint(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

Bytes write_pssh(const Pssh& pssh) {
  media::BoxWriter out(64 + pssh.kids.size() * 16 + pssh.payload.size());
  {
    const auto box = out.full_box("pssh", pssh.kids.empty() ? 0 : 1, 0);
    out.bytes(pssh.system);
    if (!pssh.kids.empty()) {
      out.u32(static_cast<std::uint32_t>(pssh.kids.size()));
      for (const media::KeyId& kid : pssh.kids) out.bytes(kid);
    }
    out.u32(static_cast<std::uint32_t>(pssh.payload.size()));
    out.bytes(pssh.payload);
  }
  return out.take();
}

std::optional<Pssh> parse_pssh(ByteView box) {
  if (box.size() > kPsshBytesMax) return std::nullopt;
  media::ByteReader reader(box);
  const std::uint32_t size = reader.u32();
  if (!std::ranges::equal(reader.bytes(4), as_bytes("pssh"))) return std::nullopt;
  const std::uint8_t version = reader.u8();
  if (reader.u24() != 0 || version > 1 || size != box.size()) return std::nullopt;
  Pssh pssh;
  const auto read_id = [&reader](std::array<std::uint8_t, 16>& id) {
    std::ranges::copy(reader.bytes(id.size()), id.begin());
  };
  read_id(pssh.system);
  const std::uint32_t kids = version == 1 ? reader.u32() : 0;
  if (kids > kPsshKeysMax) return std::nullopt;
  for (std::uint32_t i = 0; i < kids && reader.ok(); ++i) read_id(pssh.kids.emplace_back());
  const ByteView payload = reader.bytes(reader.u32());
  if (!reader.ok() || reader.left() != 0) return std::nullopt;
  pssh.payload.assign(payload.begin(), payload.end());
  return pssh;
}

Bytes common_pssh(std::span<const media::KeyId> kids) {
  media::BoxWriter out(32 + kids.size() * 16);
  media::write_common_pssh(out, kids);
  return out.take();
}

Bytes widevine_pssh(std::span<const media::KeyId> kids, media::Scheme scheme) {
  constexpr std::uint8_t kKeyIdField = 2 << 3 | 2;   // key_id, length-delimited
  constexpr std::uint8_t kSchemeField = 9 << 3 | 0;  // protection_scheme, varint
  Pssh pssh{system_named(kWidevineSystem), {}, {}};
  for (const media::KeyId& kid : kids) {
    pssh.payload.push_back(kKeyIdField);
    append_varint(pssh.payload, static_cast<std::uint32_t>(kid.size()));
    pssh.payload.insert(pssh.payload.end(), kid.begin(), kid.end());
  }
  std::uint32_t name = 0;
  for (const char c : std::string_view(four_characters(scheme))) {
    name = name << 8 | static_cast<std::uint8_t>(c);
  }
  pssh.payload.push_back(kSchemeField);
  append_varint(pssh.payload, name);
  return write_pssh(pssh);
}

}  // namespace butai::drm
