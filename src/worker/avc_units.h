// H.264 access units of either wrapping, made into what media::Frame wants: 4-byte lengths, without
// delimiters and without parameter sets, which go into the track's configuration.
// Flow:   packet of a demuxer or of x264 -> AvcUnits -> media::Frame::data, media::Track::config
// Thread: plain object of its job. Slices and SEI are never changed: pass-through stays bit-exact.
// Spec:   ITU-T H.264 clause 7.4.1.2, annex B; ISO/IEC 14496-15:2022 clause 5.3 (avc1: no parameter
//         sets in samples).
#pragma once

#include <optional>

#include "base/bytes.h"
#include "media/h264.h"
#include "media/track.h"

namespace butai::worker {

class AvcUnits {
 public:
  // `extradata` of the container: AVCDecoderConfigurationRecord, start codes, or nothing.
  void start(ByteView extradata);
  // The container described the track anew; holds from the next key frame on.
  void update(ByteView extradata);

  struct Unit {
    Bytes data;
    bool key = false;
    bool configured = false;  // config() is new with this unit (a key frame)
  };
  // Nothing: no slice in it, or not H.264.
  std::optional<Unit> take(ByteView packet);

  bool ready() const { return !config_.empty(); }
  const Bytes& config() const { return config_; }
  const media::Sps& sps() const { return sps_; }
  // Size, configuration and, if the SPS says it, frame rate.
  void describe(media::Track& track) const;

 private:
  bool has_lengths(ByteView packet) const;
  std::optional<media::NalUnits> split(ByteView packet) const;
  void merge(ByteView nal);
  bool reconfigure();

  std::size_t length_size_ = 0;  // of the source; 0: start codes
  media::AvcConfig sets_;
  bool sets_changed_ = false;
  Bytes config_;
  media::Sps sps_;
};

}  // namespace butai::worker
