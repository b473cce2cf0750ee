// The picture and the sound taken from a source, or two sounds, found as its packets come.
// Flow:   demuxer -> SourceTracks -> VideoPath, AudioPath -> FrameSink
// Thread: its job's.
// Limits: the first usable track of each kind; where two sounds are wanted, the first two in the
//         container's order, whichever brings a packet first. Others are passed over. Codecs: a list
//         (kVideo, kAudio in the .cc), because each decoder is code that hostile bytes reach.
#pragma once

#include <memory>

#include "worker/ffmpeg/audio_path.h"
#include "worker/ffmpeg/av.h"
#include "worker/ffmpeg/output.h"
#include "worker/ffmpeg/video_path.h"

namespace butai::worker {

// Whether the header tells of a second sound that is taken.
bool brings_second(const AVFormatContext& format, const Encoding& encoding);

class SourceTracks {
 public:
  SourceTracks(ParentLink& parent, const Encoding& encoding, FrameSink& sink,
               const SourceAnchor& anchor)
      : parent_(parent), encoding_(encoding), sink_(sink), anchor_(anchor) {}

  // Tracks that the header describes whole: they are announced before their first packet, which in
  // a fragmented file comes seconds of the other track later.
  void adopt_all(const AVFormatContext& format);
  void take(const AVFormatContext& format, const AVPacket& packet);
  void finish();
  void ask_key_frame();

 private:
  void adopt(const AVFormatContext& format, const AVStream& source);
  void adopt_sound(const AVFormatContext& format, const AVStream& source);

  ParentLink& parent_;
  const Encoding& encoding_;
  FrameSink& sink_;
  const SourceAnchor& anchor_;
  int video_index_ = -1, audio_index_ = -1, second_index_ = -1;
  std::unique_ptr<VideoPath> video_;
  std::unique_ptr<AudioPath> audio_, second_;
  bool complained_ = false;
};

}  // namespace butai::worker
