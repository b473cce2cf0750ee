// Media bytes in, clear frames out, with everything untrusted parsed in a child process that may die.
// Flow:   ingest (bytes as they came) -> Line -> socket pair -> butai-worker -> Line -> LineListener
// Thread: one loop owns it; listener calls come on that loop.
// Limits: worker/limits.h (bytes waiting each way, message size, restart interval).
//
// A Line keeps one child running: when the child dies it starts another within a second and feeds it
// what it needs to go on: for container streams the header, and again what came since the newest key
// frame (replay.h), or the bytes from the next boundary.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "media/aac.h"
#include "media/frame.h"
#include "media/loudness.h"
#include "media/track.h"
#include "net/loop.h"

namespace butai::worker {

// Background: gives way to everything else on the machine.
enum class Priority : std::uint8_t { Usual, Background };

enum class Job : std::uint8_t {
  Demux,    // fMP4, WebM, FLV or MPEG-TS pieces; H.264 + AAC pass through, Opus becomes AAC
  Jpeg,     // one JPEG per write(); becomes H.264, newest first when behind
  Capture,  // butai publish: camera, file, test picture or standard input
  Ladder,   // H.264 and AAC frames in, further renditions of them out
  Meter,    // AAC frames in, how loud they are out
  Still,    // H.264 key frames in, JPEG out
};

// What our own encoders make. Key frames fall on every multiple of `segment` of UTC.
struct Encoding {
  std::uint32_t frames_per_second_max = 30;
  std::uint32_t video_bitrate = 2'500'000;  // bits per second
  std::uint32_t audio_bitrate = 128'000;    // bits per second
  Micros segment{2'000'000};
  media::DualMono dual_mono = media::DualMono::Refuse;
  std::uint8_t sounds = 1;  // taken of a source, 1 or 2
};

// One further rendition, for Job::Ladder. Those that are not below the source are left out.
struct Rung {
  std::string name;
  std::uint16_t height = 0;                 // pixels of the shorter side, even; 0: sound only
  std::uint32_t frames_per_second_max = 0;  // 0: the source's
  std::uint32_t bitrate = 0;                // bits per second
};

// For Job::Capture only.
struct Capture {
  std::string source;  // camera[:DEV] | file:PATH | test | -
  enum class Format : std::uint8_t { Jpeg, H264 } format = Format::H264;
  std::uint16_t width = 1280, height = 720;
  std::uint32_t frames_per_second = 30;
  bool loop = false;  // file: start again at the end
};

struct LineOptions {
  std::string executable;  // butai-worker; found beside the running program
  Job job = Job::Demux;
  Encoding encoding;
  Capture capture;
  std::vector<Rung> rungs;  // Job::Ladder; rung N becomes track kFirstRung + N
  Priority priority = Priority::Usual;
  std::string label;  // for logs: "main/a"
};

class LineListener {
 public:
  virtual ~LineListener() = default;
  // Times of frames are the source's own, in the track's timescale; for Job::Jpeg and Job::Capture
  // they are UTC (arrival or capture) since the Unix epoch.
  virtual void on_tracks(const std::vector<media::Track>& tracks) = 0;
  virtual void on_frame(media::Frame frame) = 0;
  // Job::Capture with Format::Jpeg, and Job::Still. By value: who wants it takes it over.
  virtual void on_picture(media::Picture) {}  // NOLINT(performance-unnecessary-value-param)
  virtual void on_loudness(const media::Loudness&) {}  // Job::Meter, once a second
  // The child died or gave up, and what it had is lost; a new one is on its way or there. Frames after
  // this do not continue the last.
  virtual void on_loss(const std::string& reason) = 0;
  // Input that cannot be used, in a sentence for the publisher; the line goes on.
  virtual void on_complaint(const std::string& sentence) = 0;
  // Room again after write() said no.
  virtual void on_writable() {}
  // Job::Capture: the source ended. Others: after finish(), when all frames are out.
  virtual void on_end() {}
};

class Line {
 public:
  Line(net::Loop& loop, const Clock& clock, LineOptions options, LineListener& listener);
  ~Line();  // ends the child

  // Takes `bytes` (a piece of a container, or one JPEG). `arrived` stamps JPEGs, `captured` travels
  // with them. False: full, nothing was taken (Job::Jpeg never says so: it drops the oldest).
  bool write(Bytes bytes, Utc arrived = {}, Utc captured = {});
  // Job::Ladder, Meter, Still: the source's tracks, then its frames on the UTC time line. Never blocks: a child that
  // takes nothing misses pictures up to the next key frame. Frames come back with the same times.
  void describe(std::vector<media::Track> tracks);
  void push(const media::Frame& frame);
  void finish();  // no more input; on_end follows
  // Back-pressure: while paused no frames are taken from the child, so write() soon says no.
  void pause();
  void resume();
  // The source's time `pts_micros` was put at `utc`: re-encoders place key frames on the UTC grid.
  void anchor(std::int64_t pts_micros, Utc utc);
  void ask_key_frame();    // our encoders: the next frame is a key frame
  int process_id() const;  // of the child now, 0 between two (for tests and the API)

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // calls in flight keep it a moment longer
};

}  // namespace butai::worker
