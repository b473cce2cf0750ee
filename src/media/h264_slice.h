// How long the header of a slice is: encryption leaves it clear, so it must be read to its end.
// Flow:   drm::SampleEncryptor -> SliceHeaders::take (parameter sets), header_size (slices)
// Thread: one owner.
// Limits: 32 SPS and 256 PPS, replaced by id; at most kSliceReferencesMax list entries.
// Spec:   ITU-T H.264 (08/2021) clause 7.3.3; ISO/IEC 23001-7:2023 clause 10.1.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "media/h264.h"

namespace butai::media {

class SliceHeaders {
 public:
  // The parameter sets of an AVCDecoderConfigurationRecord.
  std::expected<void, H264Error> take_config(ByteView record);
  // An SPS or PPS met in the pictures; later slices are read by it. Others are ignored, and so is
  // one that cannot be read: the slices that refer to it will be refused.
  void take(ByteView nal);

  // Bytes of a slice (NAL type 1, 5 or 19) up to the byte in which its data begins, NAL header and
  // emulation prevention included; a header that ends inside a byte takes the whole byte.
  std::expected<std::size_t, H264Error> header_size(ByteView nal) const;

 private:
  std::array<std::optional<Sps>, 32> sps_;
  std::vector<std::optional<Pps>> pps_ = std::vector<std::optional<Pps>>(256);
};

}  // namespace butai::media
