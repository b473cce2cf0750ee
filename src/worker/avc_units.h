// H.264 access units of either wrapping, made into what media::Frame wants: 4-byte lengths, without
// delimiters and without parameter sets, which go into the track's configuration.
// Flow:   packet of a demuxer or of x264 -> AvcUnits -> media::Frame::data, media::Track::config
// Thread: plain object of its job. Slices and SEI are never changed: pass-through stays bit-exact.
// Limits: as many parameter sets as a configuration holds; of more, the oldest
//         but the first is forgotten.
// Spec:   ITU-T H.264 clause 7.4.1.2, annex B; ISO/IEC 14496-15:2022 clause 5.3 (avc1: no parameter
//         sets in samples).
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "media/h264.h"
#include "media/track.h"

namespace butai::worker {

// Why a picture that could pass through is re-encoded, for its publisher.
inline constexpr std::string_view kNotPlayed =
    "its kind of H.264 (interlaced, 10 bits, 4:2:2 or 4:4:4) is not played by browsers; what is "
    "progressive with 8 bits and 4:2:0 passes through as you encoded it";
inline constexpr std::string_view kOpenGroups =
    "its groups of pictures are open (recovery points, no IDR pictures); switch open GOP and intra "
    "refresh "
    "off in your encoder and set its key frame interval to 2 s";
inline constexpr std::string_view kFarApart =
    "its key frames are more than 4 s apart; set the key frame interval of your encoder to 2 s";

class AvcUnits {
 public:
  // `extradata` of the container: AVCDecoderConfigurationRecord, start codes, or nothing.
  void start(ByteView extradata);
  // The container described the track anew; holds from the next key frame on.
  void update(ByteView extradata);

  struct Unit {
    Bytes data;
    bool key = false;
    bool recovers = false;    // no key frame, but decoding could begin there: an open group
    bool configured = false;  // config() is new with this unit (a key frame)
  };
  // Nothing: no slice in it, or not H.264. A unit that needs no change shares the bytes given.
  std::optional<Unit> take(ByteView packet) { return take(packet, nullptr); }
  std::optional<Unit> take(const Bytes& packet) { return take(packet, &packet); }

  bool ready() const { return !config_.empty(); }
  const Bytes& config() const { return config_; }
  const media::Sps& sps() const { return sps_; }
  // Size, configuration and, if the SPS says it, frame rate.
  void describe(media::Track& track) const;

 private:
  std::optional<Unit> take(ByteView packet, const Bytes* owner);
  bool has_lengths(ByteView packet) const;
  std::optional<media::NalUnits> split(ByteView packet) const;
  void merge(ByteView nal);
  void put_used_first(ByteView idr);
  bool reconfigure();

  std::size_t length_size_ = 0;  // of the source; 0: start codes
  media::AvcConfig sets_;
  bool sets_changed_ = false;
  Bytes config_;
  media::Sps sps_;
};

}  // namespace butai::worker
