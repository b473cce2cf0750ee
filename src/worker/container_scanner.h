// Follows a container byte stream from outside: which container it is, where its header ends, and
// where a new child could go on. It never looks into pictures.
// Flow:   Line::write -> ContainerScanner -> pieces -> child; after a death header() + next boundary
// Thread: a plain object of its Line.
// Limits: header kept <= kContainerHeaderBytesMax; at most kLookBytes are held back over two writes.
// Spec:   ISO/IEC 14496-12 (boxes), RFC 8794 (EBML) and RFC 9559 (Matroska), Adobe FLV 10.1 Annex E,
//         ISO/IEC 13818-1 (188-byte packets).
//
//   container   header                                  boundary
//   fMP4        ftyp … moov                             moof
//   WebM        EBML … first Cluster                    Cluster (of known or unknown size)
//   FLV         9 bytes, onMetaData, sequence headers   video tag with a key frame (audio-only: any)
//   MPEG-TS     nothing                                 anywhere: its demuxer finds the next packet
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "worker/message_codec.h"

namespace butai::worker {

enum class ScanError : std::uint8_t {
  UnknownContainer,
  PlainMp4,
  BadBox,
  BadElement,
  BadTag,
  HeaderTooLong,
};
std::string_view sentence(ScanError error);

class ContainerScanner {
 public:
  struct Piece {
    Bytes bytes;
    bool opens = false;        // the first bytes of a container (a new header starts here)
    bool at_boundary = false;  // a child that was given header() can go on here
  };

  // Cuts `bytes` into pieces; a few may be held back until the next call. After an error the scanner
  // has forgotten everything and expects a new container at the start of the next call.
  std::expected<std::vector<Piece>, ScanError> take(const Bytes& bytes);

  std::optional<Container> container() const { return container_; }
  // All of the header that has come so far; complete once the first boundary was seen.
  Bytes header() const;
  bool header_complete() const { return header_complete_; }
  void reset();

 private:
  enum class Keep : std::uint8_t { No, Header, MetaTag, VideoTag, AudioTag };
  using Status = std::expected<void, ScanError>;

  Status scan(ByteView all, const Bytes& bytes, std::vector<Piece>& pieces);
  static std::optional<Container> detect(ByteView look);
  void begin(Container container);  // forgets the header of the one before
  // Looks at the unit that starts with `look`; sets unit_left_, keep_ and the marks of the next
  // piece. False: needs more bytes.
  std::expected<bool, ScanError> next_unit(ByteView look);
  std::expected<bool, ScanError> next_box(ByteView look);
  std::expected<bool, ScanError> next_element(ByteView look);
  std::expected<bool, ScanError> next_tag(ByteView look);
  Status enter_element(std::uint32_t id, std::uint64_t size, bool unknown_size, std::size_t head);
  void enter_tag(ByteView look, std::size_t body);
  Status remember(ByteView bytes);

  std::optional<Container> container_;
  std::vector<std::uint8_t> look_;  // bytes held back: the start of a unit that is not whole yet
  std::uint64_t unit_left_ = 0;     // bytes of the unit still to pass
  Keep keep_ = Keep::No;
  bool opens_ = false, at_boundary_ = false;  // marks of the piece that starts at the next unit
  bool header_complete_ = false;
  std::vector<std::uint8_t> header_;  // fMP4, WebM; FLV: the first 13 bytes
  std::vector<std::uint8_t> meta_tag_, video_tag_, audio_tag_;  // FLV
};

}  // namespace butai::worker
