// H.264 as far as packaging needs it: NAL units in their two wrappings, parameter sets, and an SEI
// message of ours that carries the capture time. No picture is decoded.
// Flow:   worker (encoder or demuxer) -> here -> media::Frame::data, media::Track::config
//         Slice headers, which encryption leaves clear, are in h264_slice.h.
// Thread: pure functions, any.
// Limits: media/limits.h; nothing read past its view, no number used before it is checked
//         (reliability B9, B10).
// Spec:   ITU-T H.264 (08/2021) clauses 7.3, 7.4, annexes B, D, E; ISO/IEC 14496-15:2022
// clause 5.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "media/track.h"

namespace butai::media {

enum class H264Error : std::uint8_t {
  Truncated,        // ends before what it announces
  BadLength,        // a NAL unit of length 0, or length fields that are not 1 to 4 bytes
  BadParameterSet,  // SPS or PPS with a value out of its range
  BadSize,          // dimensions outside the limits
  NoParameterSets,  // a configuration without SPS or PPS
  TooManySets,
};
std::string_view sentence(H264Error error);

enum class NalType : std::uint8_t { Slice = 1, Idr = 5, Sei = 6, Sps = 7, Pps = 8, Delimiter = 9 };
inline NalType nal_type(ByteView nal) {
  return static_cast<NalType>(nal.empty() ? 0 : nal[0] & 0x1f);
}

// --- NAL units -------------------------------------------------------------------------------

using NalUnits = std::vector<ByteView>;  // without start code or length; into the caller's bytes

// Of an access unit whose NAL units have length fields of `length_size` (1 to 4) bytes.
std::expected<NalUnits, H264Error> split_lengths(ByteView unit, std::size_t length_size = 4);
// Of a byte string with start codes (annex B). What precedes the first start code is ignored.
NalUnits split_start_codes(ByteView unit);
// With 4-byte lengths, as media::Frame::data wants them.
Bytes join_lengths(const NalUnits& nals);
// With 4-byte start codes.
Bytes join_start_codes(const NalUnits& nals);

// Whether decoding can start at this access unit (4-byte lengths): it has an IDR slice.
bool is_idr(ByteView unit);

// Whether an SEI NAL unit says that decoding may begin here although this is no IDR picture: open groups
// of pictures, and intra refresh (clause D.1.8).
bool has_recovery_point(ByteView nal);

// The payload without emulation prevention bytes (clause 7.4.1.1), and with them.
std::vector<std::uint8_t> unescape(ByteView nal);
std::vector<std::uint8_t> escape(ByteView rbsp);

// --- Parameter sets --------------------------------------------------------------------------

// VUI colour description (tables E-3 to E-5).
struct Colour {
  std::uint8_t primaries = 2, transfer = 2, matrix = 2;  // 2: unspecified
  bool full_range = false;
  friend bool operator==(const Colour&, const Colour&) = default;
};

struct Sps {
  std::uint8_t profile = 0, constraints = 0, level = 0;  // the three bytes of "avc1.PPCCLL"
  std::uint32_t id = 0;
  std::uint8_t chroma_format = 1;                 // 1: 4:2:0
  std::uint8_t luma_depth = 8, chroma_depth = 8;  // bits
  std::uint16_t width = 0, height = 0;            // pixels after cropping
  bool frames_only = true;                        // no interlacing
  bool separate_planes = false;                   // each colour has slices of its own
  std::uint32_t frame_number_bits = 4;            // log2_max_frame_num
  std::uint32_t order_type = 0;                   // pic_order_cnt_type, 0 to 2
  std::uint32_t order_bits = 4;                   // log2_max_pic_order_cnt_lsb, of type 0
  bool order_delta_zero = false;                  // delta_pic_order_always_zero_flag, of type 1
  std::uint32_t map_units = 0;                    // PicSizeInMapUnits
  Rational sample_aspect;                         // num 0: not said
  Rational frame_rate;                            // num 0: not said
  // How many pictures may precede one in decoding and follow it in showing; nothing: not said.
  std::optional<std::uint32_t> reordered;
  std::optional<Colour> colour;
};
std::expected<Sps, H264Error> parse_sps(ByteView nal);
// What phones and browsers decode: Baseline, Main or High, 4:2:0, 8 bits, not interlaced (annex A).
bool browsers_play(const Sps& sps);

struct Pps {
  std::uint32_t id = 0, sps_id = 0;
  bool cabac = false;
  bool field_order = false;              // bottom_field_pic_order_in_frame_present_flag
  std::uint32_t slice_groups = 1;        // 1 to 8
  std::uint32_t slice_group_map = 0;     // slice_group_map_type
  std::uint32_t slice_group_rate = 0;    // slice_group_change_rate
  std::uint32_t references[2] = {1, 1};  // num_ref_idx_active of list 0 and 1
  bool weighted = false;                 // weighted_pred_flag
  std::uint32_t weighted_bi = 0;         // weighted_bipred_idc
  bool deblocking = false;               // deblocking_filter_control_present_flag
  bool redundant = false;                // redundant_pic_cnt_present_flag
};
std::expected<Pps, H264Error> parse_pps(ByteView nal);

struct SliceStart {
  std::uint32_t first_macroblock = 0;
  std::uint32_t type = 0;  // 0 to 9; type % 5: 0 P, 1 B, 2 I, 3 SP, 4 SI
  std::uint32_t pps_id = 0;
};
std::expected<SliceStart, H264Error> parse_slice_start(ByteView nal);

// AVCDecoderConfigurationRecord.
struct AvcConfig {
  std::size_t length_size = 4;  // bytes of the length fields in the samples
  std::vector<Bytes> sps, pps;  // whole NAL units, at least one of each
};
std::expected<AvcConfig, H264Error> parse_avc_config(ByteView record);
std::expected<Bytes, H264Error> make_avc_config(const AvcConfig& config);
// The SPS that describes the track.
std::expected<Sps, H264Error> sps_of(ByteView record);

// --- Capture time ----------------------------------------------------------------------------

// An SEI NAL unit (user_data_unregistered with a UUID of ours) that says when the camera saw the
// picture: 64 bits of microseconds of UTC.
Bytes capture_sei(Utc captured);
// The access unit (4-byte lengths) with that SEI before its first slice.
std::expected<Bytes, H264Error> with_capture_sei(ByteView unit, Utc captured);
// What such an SEI in the access unit (4-byte lengths) says, if there is one.
std::optional<Utc> find_capture(ByteView unit);

}  // namespace butai::media
