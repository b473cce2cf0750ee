#include "worker/container_scanner.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "worker/limits.h"

namespace butai::worker {
namespace {

constexpr std::size_t kTsPacketBytes = 188;
constexpr std::uint8_t kTsSync = 0x47;
constexpr std::size_t kBoxHeadBytes = 8;
constexpr std::size_t kLargeBoxHeadBytes = 16;
constexpr std::size_t kFlvHeadBytes = 13;  // signature, version, flags, size, and PreviousTagSize0
constexpr std::size_t kFlvTagHeadBytes = 11;
constexpr std::size_t kFlvLookBytes = kFlvTagHeadBytes + 2;  // and what kind of frame it is
constexpr std::size_t kFlvTrailBytes = 4;                    // PreviousTagSize
constexpr std::uint64_t kForever = std::numeric_limits<std::uint64_t>::max();

// EBML IDs with their marker bits, RFC 9559 clause 5.
constexpr std::uint32_t kEbml = 0x1A45DFA3, kSegment = 0x18538067, kCluster = 0x1F43B675;
constexpr std::uint32_t kTracks = 0x1654AE6B;

std::uint32_t big_endian(ByteView bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

constexpr std::uint32_t four(const char (&text)[5]) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(text[i]);
  return value;
}

// A length-marked EBML integer (RFC 8794 clause 4): its bytes, or 0 for an invalid first byte.
std::size_t vint_bytes(std::uint8_t first) {
  for (std::size_t n = 1; n <= 8; ++n) {
    if (first & (0x80U >> (n - 1))) return n;
  }
  return 0;
}

bool is_mp4_start(ByteView look) {
  const std::uint32_t type = big_endian(look, 4, 4);
  return type == four("ftyp") || type == four("styp") || type == four("moof") ||
         type == four("moov");
}

// Four characters (ISO/IEC 14496-12 clause 4.2); QuickTime's own begin with a copyright sign.
bool is_box_type(std::uint32_t type) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    const std::uint32_t character = type >> shift & 0xFFU;
    const bool printable = character >= 0x20 && character < 0x7F;
    if (!printable && !(shift == 24 && character == 0xA9)) return false;
  }
  return true;
}

bool is_flv_start(ByteView look) { return look[0] == 'F' && look[1] == 'L' && look[2] == 'V'; }

}  // namespace

std::string_view sentence(ScanError error) {
  switch (error) {
    case ScanError::UnknownContainer:
      return "These bytes are no JPEG, fragmented MP4, WebM, FLV or MPEG-TS; send one of them, "
             "from "
             "its first byte.";
    case ScanError::PlainMp4:
      return "This MP4 does not start with its index; send a fragmented MP4 (ffmpeg: -movflags "
             "+frag_keyframe+empty_moov+default_base_moof).";
    case ScanError::BadBox:
      return "The MP4 has a box that cannot be; start again with a new header (ftyp, moov).";
    case ScanError::BadElement:
      return "The WebM has an element that cannot be; start again with a new header (EBML).";
    case ScanError::BadTag:
      return "The FLV has a tag that cannot be; start again with a new header (FLV).";
    case ScanError::HeaderTooLong:
      return "The header of the container is longer than 1 MiB; send one without embedded files.";
  }
  return "The container cannot be read.";
}

void ContainerScanner::reset() { *this = ContainerScanner(); }

Bytes ContainerScanner::header() const {
  std::vector<std::uint8_t> all = header_;
  for (const auto* tag : {&meta_tag_, &video_tag_, &audio_tag_}) {
    all.insert(all.end(), tag->begin(), tag->end());
  }
  return Bytes(std::move(all));
}

std::expected<std::vector<ContainerScanner::Piece>, ScanError> ContainerScanner::take(
    const Bytes& bytes) {
  std::vector<Piece> pieces;
  Bytes all = bytes;
  if (!look_.empty()) {
    look_.insert(look_.end(), bytes.view().begin(), bytes.view().end());
    all = Bytes(std::exchange(look_, {}));
  }
  if (auto done = scan(all.view(), all, pieces); !done) {
    reset();
    return std::unexpected(done.error());
  }
  return pieces;
}

ContainerScanner::Status ContainerScanner::scan(ByteView all, const Bytes& bytes,
                                                std::vector<Piece>& pieces) {
  std::size_t at = 0, piece_from = 0;
  bool piece_opens = false, piece_at_boundary = false;
  const auto cut = [&](std::size_t end) {
    if (end > piece_from) {
      pieces.push_back({bytes.slice(piece_from, end - piece_from), piece_opens, piece_at_boundary});
    }
    piece_from = end;
    piece_opens = piece_at_boundary = false;
  };
  while (at < all.size()) {
    if (unit_left_ == 0) {
      const auto whole = next_unit(all.subspan(at));
      if (!whole) return std::unexpected(whole.error());
      if (!*whole) {
        look_.assign(all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
        break;
      }
      if (opens_ || at_boundary_) {
        cut(at);
        piece_opens = std::exchange(opens_, false);
        piece_at_boundary = std::exchange(at_boundary_, false);
      }
    }
    const std::size_t pass =
        static_cast<std::size_t>(std::min<std::uint64_t>(unit_left_, all.size() - at));
    if (auto kept = remember(all.subspan(at, pass)); !kept) return kept;
    at += pass;
    if (unit_left_ != kForever) unit_left_ -= pass;
  }
  cut(at);
  return {};
}

ContainerScanner::Status ContainerScanner::remember(ByteView bytes) {
  if (keep_ == Keep::No) return {};
  std::vector<std::uint8_t>& kept = keep_ == Keep::MetaTag    ? meta_tag_
                                    : keep_ == Keep::VideoTag ? video_tag_
                                    : keep_ == Keep::AudioTag ? audio_tag_
                                                              : header_;
  if (kept.size() + bytes.size() > kContainerHeaderBytesMax) {
    return std::unexpected(ScanError::HeaderTooLong);
  }
  kept.insert(kept.end(), bytes.begin(), bytes.end());
  return {};
}

// `look` has at least kBoxHeadBytes.
std::optional<Container> ContainerScanner::detect(ByteView look) {
  if (is_mp4_start(look)) return Container::Mp4;
  if (big_endian(look, 0, 4) == kEbml) return Container::WebM;
  if (is_flv_start(look)) return Container::Flv;
  const bool packets = look.size() > kTsPacketBytes && look[kTsPacketBytes] == kTsSync;
  if (look[0] == kTsSync && packets) return Container::MpegTs;
  return std::nullopt;
}

void ContainerScanner::begin(Container container) {
  container_ = container;
  header_.clear();
  meta_tag_.clear();
  video_tag_.clear();
  audio_tag_.clear();
  header_complete_ = false;
  opens_ = true;
}

std::expected<bool, ScanError> ContainerScanner::next_unit(ByteView look) {
  if (!container_) {
    if (look.size() < kBoxHeadBytes) return false;
    if (look[0] == kTsSync && look.size() <= kTsPacketBytes && !is_mp4_start(look)) return false;
    const auto found = detect(look);
    if (!found) return std::unexpected(ScanError::UnknownContainer);
    begin(*found);
  }
  switch (*container_) {
    case Container::Mp4:
      return next_box(look);
    case Container::WebM:
      return next_element(look);
    case Container::Flv:
      return next_tag(look);
    case Container::MpegTs:
      unit_left_ = look.size();
      at_boundary_ = header_complete_ = true;
      return true;
  }
  return std::unexpected(ScanError::UnknownContainer);
}

std::expected<bool, ScanError> ContainerScanner::next_box(ByteView look) {
  if (look.size() < kBoxHeadBytes) return false;
  std::uint64_t size = big_endian(look, 0, 4);
  const std::uint32_t type = big_endian(look, 4, 4);
  if (size == 1) {
    if (look.size() < kLargeBoxHeadBytes) return false;
    size = std::uint64_t{big_endian(look, 8, 4)} << 32 | big_endian(look, 12, 4);
    if (size < kLargeBoxHeadBytes) return std::unexpected(ScanError::BadBox);
  } else if (size == 0) {
    size = kForever;  // to the end of the file, clause 4.2.2
  } else if (size < kBoxHeadBytes) {
    return std::unexpected(ScanError::BadBox);
  }
  if (!is_box_type(type)) return std::unexpected(ScanError::BadBox);
  if (type == four("ftyp") && header_complete_) begin(Container::Mp4);
  if (type == four("mdat") && !header_complete_) return std::unexpected(ScanError::PlainMp4);
  if (type == four("moof")) {
    if (!header_complete_) return std::unexpected(ScanError::PlainMp4);
    at_boundary_ = true;
  }
  if (!header_complete_ && size > kContainerHeaderBytesMax) {
    return std::unexpected(ScanError::HeaderTooLong);
  }
  keep_ = header_complete_ ? Keep::No : Keep::Header;
  if (type == four("moov")) header_complete_ = true;
  unit_left_ = size;
  return true;
}

std::expected<bool, ScanError> ContainerScanner::next_element(ByteView look) {
  const std::size_t id_bytes = vint_bytes(look[0]);
  if (id_bytes == 0 || id_bytes > 4) return std::unexpected(ScanError::BadElement);
  if (look.size() <= id_bytes) return false;
  const std::size_t size_bytes = vint_bytes(look[id_bytes]);
  if (size_bytes == 0) return std::unexpected(ScanError::BadElement);
  if (look.size() < id_bytes + size_bytes) return false;
  std::uint64_t size = look[id_bytes] & (0xFFU >> size_bytes);
  for (std::size_t i = 1; i < size_bytes; ++i) size = size << 8 | look[id_bytes + i];
  const bool unknown_size = size == (std::uint64_t{1} << (7 * size_bytes)) - 1;
  const std::uint32_t id = big_endian(look, 0, id_bytes);
  if (id == kEbml && header_complete_) begin(Container::WebM);
  if (auto entered = enter_element(id, size, unknown_size, id_bytes + size_bytes); !entered) {
    return std::unexpected(entered.error());
  }
  return true;
}

// A Segment, and a Cluster, whatever size they tell, are walked into: so both kinds of cluster are
// one case, and a Cluster is always followed by its children, then by the next Cluster.
ContainerScanner::Status ContainerScanner::enter_element(std::uint32_t id, std::uint64_t size,
                                                         bool unknown_size, std::size_t head) {
  const bool walked_into = id == kSegment || id == kCluster;
  if (unknown_size && !walked_into) return std::unexpected(ScanError::BadElement);
  if (header_.empty() && id != kEbml) return std::unexpected(ScanError::BadElement);
  if (id == kCluster) {
    header_complete_ = true;
    at_boundary_ = true;
  }
  keep_ = header_complete_ ? Keep::No : Keep::Header;
  if (id == kTracks && size > kContainerHeaderBytesMax) {
    return std::unexpected(ScanError::HeaderTooLong);
  }
  unit_left_ = walked_into ? head : head + size;
  return {};
}

std::expected<bool, ScanError> ContainerScanner::next_tag(ByteView look) {
  if (look.size() < kFlvTagHeadBytes) return false;
  if (is_flv_start(look)) {
    begin(Container::Flv);
    unit_left_ = kFlvHeadBytes;
    keep_ = Keep::Header;
    return true;
  }
  const std::size_t body = big_endian(look, 1, 3);
  const int type = look[0] & 0x1F;
  if (type != 8 && type != 9 && type != 18) return std::unexpected(ScanError::BadTag);
  if (look.size() < std::min(kFlvLookBytes, kFlvTagHeadBytes + body)) return false;
  keep_ = Keep::No;
  enter_tag(look, body);
  unit_left_ = kFlvTagHeadBytes + body + kFlvTrailBytes;
  return true;
}

// Decides by the first two bytes of the body. Legacy: frame type and codec, then packet type 0 for a
// sequence header. Enhanced RTMP sets the highest bit and puts packet type 0 into the low four.
void ContainerScanner::enter_tag(ByteView look, std::size_t body) {
  const int type = look[0] & 0x1F;
  const int first = body > 0 ? look[kFlvTagHeadBytes] : 0;
  const int second = body > 1 ? look[kFlvTagHeadBytes + 1] : 0xFF;
  if (type == 18) {
    keep_ = Keep::MetaTag;
    meta_tag_.clear();
  } else if (type == 9) {
    const bool enhanced = (first & 0x80) != 0;
    const bool sequence_header =
        enhanced ? (first & 0x0F) == 0 : (first & 0x0F) == 7 && second == 0;
    if (sequence_header) {
      keep_ = Keep::VideoTag;
      video_tag_.clear();
    } else if (((first >> 4) & 7) == 1) {
      at_boundary_ = header_complete_ = true;
    }
  } else if (first >> 4 == 10 && second == 0) {
    keep_ = Keep::AudioTag;
    audio_tag_.clear();
  } else if (video_tag_.empty()) {
    at_boundary_ = header_complete_ = true;
  }
}

}  // namespace butai::worker
