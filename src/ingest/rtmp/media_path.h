// A publisher's audio and video messages on their way into a channel: H.264 and AAC become frames as
// they are; a picture that must be re-encoded goes to a worker, as FLV.
// Flow:   ServerSession -> MediaPath -> MediaItems -> Publication -> live::Input, or worker::Line
// Thread: its connection's loop.
// Limits: kTrackWait…, kStandingStill; of the running group of pictures what worker/limits.h allows.
//
//  1. A configuration is read into a temporary and holds only if it is good (B9).
//  2. Frames wait until picture and sound are both described, so that viewers get one init segment:
//     as long as the metadata promises both, kTrackWait at most.
//  3. Messages since the last key frame are kept. When key frames are further apart than a segment may
//     be long, browsers do not play this kind of H.264, or of dual mono a programme is to be taken, they are
//     what the worker starts with.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/media_item.h"
#include "ingest/rtmp/amf0_codec.h"
#include "ingest/rtmp/chunk_codec.h"
#include "media/aac.h"
#include "media/flv.h"
#include "worker/avc_units.h"
#include "worker/sound_times.h"

namespace butai::ingest::rtmp {

class MediaPath {
 public:
  void take_of_dual_mono(media::DualMono which) { dual_mono_ = which; }
  void take_metadata(const Amf0Value& metadata);
  // The error: why this publication cannot go on.
  std::expected<void, std::string> take(MessageType type, std::int64_t millis, Bytes body);

  std::vector<MediaItem> take_items() { return std::exchange(items_, {}); }
  // A sentence for the publisher's log, once each.
  std::optional<std::string> take_complaint() { return std::exchange(complaint_, std::nullopt); }

 private:
  struct Kept {  // of a message, without FLV's head
    std::int64_t millis;
    Bytes payload;
    media::FlvTag tag;
    bool key = false;  // and the rest: of a picture
    std::int32_t composition_millis = 0;
  };
  struct TrackState {
    std::optional<media::Track> track;
    Bytes config_body;  // the message that described it, for the worker
    std::int64_t last_millis = 0, last_dts = 0;
    int still = 0;  // messages with one and the same time
    bool seen = false;
    bool expected = true;
  };
  using Taken = std::expected<void, std::string>;

  Taken take_video(std::int64_t millis, Bytes body);
  Taken take_audio(std::int64_t millis, const Bytes& body);
  void configure_video(ByteView record, const Bytes& body);
  void configure_audio(ByteView config, std::int64_t millis, const Bytes& body);
  void take_picture(const media::FlvVideo& video, std::int64_t millis, Bytes body);
  Taken watch_clock(TrackState& state, std::int64_t millis) const;
  std::int64_t rising(TrackState& state, std::int64_t dts, std::uint32_t timescale);
  void keep(Kept message);
  void watch_group(bool key, std::int64_t millis);
  void encode_anew(std::string_view why);
  void hand_over();
  void forward(media::FlvTag tag, std::int64_t millis, ByteView body);
  void describe(media::Track track);
  void announce();
  void put(media::Frame frame);
  void complain(std::string sentence);

  TrackState video_, audio_;
  media::DualMono dual_mono_ = media::DualMono::Refuse;
  media::Rational told_rate_;  // by the metadata
  worker::AvcUnits units_;
  worker::SoundTimes sound_times_;
  bool started_ = false;  // a key frame was seen
  bool announced_ = false;
  std::deque<media::Frame> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::deque<Kept> group_;
  std::size_t group_bytes_ = 0;
  bool group_whole_ = true;
  bool open_group_ = false;  // it has a recovery point behind its key frame
  std::int64_t key_millis_ = 0, picture_millis_ = 0;
  std::optional<std::int64_t> base_millis_;  // handed over
  std::vector<MediaItem> items_;
  std::optional<std::string> complaint_;
  std::set<std::string> complaints_;  // made already; there are a dozen sentences
};

}  // namespace butai::ingest::rtmp
