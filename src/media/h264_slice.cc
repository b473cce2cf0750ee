#include "media/h264_slice.h"

#include <algorithm>

#include "media/limits.h"
#include "media/nal_bit_reader.h"

namespace butai::media {
namespace {

enum class SliceKind : std::uint8_t { P = 0, B = 1, I = 2, Sp = 3, Si = 4 };

// One slice header, read in the order of clause 7.3.3; what matters is only where it ends.
class SliceHeader {
 public:
  SliceHeader(ByteView nal, const std::vector<std::optional<Pps>>& pps,
              const std::array<std::optional<Sps>, 32>& sps)
      : bits_(nal), all_pps_(pps), all_sps_(sps) {
    const std::uint8_t first = static_cast<std::uint8_t>(bits_.bits(8));
    idr_ = (first & 0x1f) == static_cast<std::uint8_t>(NalType::Idr);
    reference_ = (first & 0x60) != 0;
  }

  std::expected<std::size_t, H264Error> size() {
    bits_.ue();  // first_mb_in_slice
    const std::uint32_t type = bits_.ue();
    const std::uint32_t id = bits_.ue();
    if (!bits_.ok()) return std::unexpected(H264Error::Truncated);
    if (type > 9 || id >= all_pps_.size()) return std::unexpected(H264Error::BadParameterSet);
    kind_ = static_cast<SliceKind>(type % 5);
    if (!all_pps_[id] || !all_sps_[all_pps_[id]->sps_id]) {
      return std::unexpected(H264Error::NoParameterSets);
    }
    pps_ = &*all_pps_[id];
    sps_ = &*all_sps_[pps_->sps_id];
    read_place();
    if (!read_references()) return std::unexpected(H264Error::BadParameterSet);
    read_quality();
    if (!bits_.ok()) return std::unexpected(H264Error::Truncated);
    return bits_.bytes_read();
  }

 private:
  bool is(SliceKind kind) const { return kind_ == kind; }
  bool intra() const { return is(SliceKind::I) || is(SliceKind::Si); }

  // Which picture, and where in time.
  void read_place() {
    if (sps_->separate_planes) bits_.bits(2);
    bits_.bits(sps_->frame_number_bits);
    bool field = false;
    if (!sps_->frames_only) {
      field = bits_.flag();
      if (field) bits_.flag();
    }
    if (idr_) bits_.ue();  // idr_pic_id
    const bool both_fields = pps_->field_order && !field;
    if (sps_->order_type == 0) {
      bits_.bits(sps_->order_bits);
      if (both_fields) bits_.se();
    } else if (sps_->order_type == 1 && !sps_->order_delta_zero) {
      bits_.se();
      if (both_fields) bits_.se();
    }
    if (pps_->redundant) bits_.ue();
  }

  // False: a count out of its range.
  bool read_references() {
    if (is(SliceKind::B)) bits_.flag();  // direct_spatial_mv_pred_flag
    std::array<std::uint32_t, 2> active = {pps_->references[0], pps_->references[1]};
    const std::size_t lists = intra() ? 0 : is(SliceKind::B) ? 2 : 1;
    if (lists > 0 && bits_.flag()) {  // num_ref_idx_active_override_flag
      for (std::size_t i = 0; i < lists; ++i) {
        const std::uint32_t more = bits_.ue();
        if (more >= kSliceReferencesMax) return false;
        active[i] = more + 1;
      }
    }
    for (std::size_t i = 0; i < lists; ++i) {
      if (!read_list_changes()) return false;
    }
    const bool weighted = (pps_->weighted && (is(SliceKind::P) || is(SliceKind::Sp))) ||
                          (pps_->weighted_bi == 1 && is(SliceKind::B));
    if (weighted) read_weights(active, lists);
    return !reference_ || read_marking();
  }

  // ref_pic_list_modification of one list.
  bool read_list_changes() {
    constexpr std::uint32_t kEnd = 3, kOperationMax = 5;
    if (!bits_.flag()) return true;
    for (std::size_t i = 0; bits_.ok(); ++i) {
      const std::uint32_t operation = bits_.ue();
      if (operation == kEnd) return true;
      if (operation > kOperationMax || i > kSliceReferencesMax) return false;
      bits_.ue();
    }
    return true;
  }

  void read_weights(const std::array<std::uint32_t, 2>& active, std::size_t lists) {
    const bool chroma = sps_->chroma_format != 0 && !sps_->separate_planes;
    bits_.ue();
    if (chroma) bits_.ue();
    for (std::size_t list = 0; list < lists; ++list) {
      for (std::uint32_t i = 0; i < active[list] && bits_.ok(); ++i) {
        if (bits_.flag()) bits_.se(), bits_.se();
        if (chroma && bits_.flag()) bits_.se(), bits_.se(), bits_.se(), bits_.se();
      }
    }
  }

  // dec_ref_pic_marking.
  bool read_marking() {
    constexpr std::uint32_t kOperationMax = 6;
    if (idr_) {
      bits_.bits(2);
      return true;
    }
    if (!bits_.flag()) return true;
    for (std::size_t i = 0; bits_.ok(); ++i) {
      const std::uint32_t operation = bits_.ue();
      if (operation == 0) return true;
      if (operation > kOperationMax || i > 2 * kSliceReferencesMax) return false;
      if (operation != 5) bits_.ue();
      if (operation == 3) bits_.ue();
    }
    return true;
  }

  void read_quality() {
    if (pps_->cabac && !intra()) bits_.ue();  // cabac_init_idc
    bits_.se();                               // slice_qp_delta
    if (is(SliceKind::Sp) || is(SliceKind::Si)) {
      if (is(SliceKind::Sp)) bits_.flag();
      bits_.se();
    }
    if (pps_->deblocking && bits_.ue() != 1) bits_.se(), bits_.se();
    if (pps_->slice_groups > 1 && pps_->slice_group_map >= 3 && pps_->slice_group_map <= 5) {
      // Ceil(Log2(PicSizeInMapUnits / SliceGroupChangeRate + 1)) bits.
      const std::uint64_t steps =
          (std::uint64_t{sps_->map_units} + pps_->slice_group_rate - 1) / pps_->slice_group_rate;
      unsigned width = 0;
      while ((std::uint64_t{1} << width) < steps + 1) ++width;
      bits_.bits(std::min(width, 32u));
    }
  }

  NalBitReader bits_;
  const std::vector<std::optional<Pps>>& all_pps_;
  const std::array<std::optional<Sps>, 32>& all_sps_;
  const Pps* pps_ = nullptr;
  const Sps* sps_ = nullptr;
  SliceKind kind_ = SliceKind::I;
  bool idr_ = false, reference_ = false;
};

}  // namespace

std::expected<void, H264Error> SliceHeaders::take_config(ByteView record) {
  const auto config = parse_avc_config(record);
  if (!config) return std::unexpected(config.error());
  for (const Bytes& nal : config->sps) take(nal);
  for (const Bytes& nal : config->pps) take(nal);
  return {};
}

void SliceHeaders::take(ByteView nal) {
  if (nal_type(nal) == NalType::Sps) {
    if (const auto sps = parse_sps(nal)) sps_[sps->id] = *sps;
  } else if (nal_type(nal) == NalType::Pps) {
    if (const auto pps = parse_pps(nal)) pps_[pps->id] = *pps;
  }
}

std::expected<std::size_t, H264Error> SliceHeaders::header_size(ByteView nal) const {
  return SliceHeader(nal, pps_, sps_).size();
}

}  // namespace butai::media
