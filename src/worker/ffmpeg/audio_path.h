// A sound of a source on its way out: AAC passed through, anything else made AAC at 48 kHz; of dual mono
// one programme, or both as two sounds.
// Flow:   demuxer -> AudioPath -> [decode, resample, encode] -> FrameSink
// Thread: its job's.
// Limits: at most one second of silence is put into a gap; longer ones are jumps.
#pragma once

#include <memory>

#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"
#include "worker/sound_times.h"

namespace butai::worker {

class AudioTranscoder;

class AudioPath {
 public:
  AudioPath(media::TrackId id, const AVStream& source, const Encoding& encoding, FrameSink& sink,
            ParentLink& parent);
  ~AudioPath();

  bool brings_both() const { return both_; }  // sounds; a second track is of no use

  void take(const AVPacket& packet);
  void finish();

 private:
  void pass(const AVPacket& packet);
  void take_dual_mono();  // one programme of it, both, or none
  void transcode();
  void split(bool programmes);
  void watch_programmes(const AVPacket& packet);
  bool describe(ByteView config);

  media::TrackId id_;
  const AVCodecParameters& parameters_;
  AVRational time_base_;
  Encoding encoding_;
  FrameSink& sink_;
  ParentLink& parent_;
  bool refused_ = false;    // dual mono, until the source describes something else
  bool dual_mono_ = false;  // what is transcoded is
  bool both_ = false;
  bool told_ = false;  // of dual mono, once
  bool described_ = false;
  std::uint32_t timescale_ = 0;
  std::int64_t frame_ticks_ = 0;  // duration of one AAC frame
  SoundTimes times_;
  std::unique_ptr<AudioTranscoder> transcoder_;
};

}  // namespace butai::worker
