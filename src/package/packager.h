// Cuts the chosen input's frames into CMAF chunks, parts and segments on the UTC time line.
// Flow:   live::Channel -> FrameReader -> Packager -> live::ChunkSink (live::Channel again)
// Thread: the channel's loop.
// Limits: package/limits.h; what waits is at most kSoundAheadMax of sound, and one chunk per track.
// Spec:   DESIGN decisions 1, 5 and 11; ISO/IEC 23000-19:2020 clause 7.3; RFC 8216bis clause 6.2.
//
//  1. Tracks make a Presentation, published once every track's configuration can be read. A change
//     of configuration makes the next one, behind a discontinuity.
//  2. The picture leads if there is one. Nothing is published before its first key frame.
//  3. A segment begins at a key frame whose time has reached the next boundary of the grid (2 s
//     since the epoch; 2.002 s for 1000/1001 rates), half a frame early at most. Key frames off the
//     grid cut at the first one at or after each boundary. Without any key frame a segment ends
//     after kSegmentMax all the same (forced_cuts() counts), so that playlists stay legal.
//  4. The first segment's number is its start / segment length; then it counts by one.
//  5. One video frame is one chunk, published at once, its duration predicted (rate.h).
//  6. Sound waits until the picture has passed it, then is cut at the frame nearest to the
//     picture's cut, so that numbers and times of both agree. It waits for kSoundAheadMax at most.
//  7. Sound that stays away gets empty segments, which playlists show as gaps. A picture that stays
//     away does so too: sound goes on alone on the grid, and the picture comes back after a
//     discontinuity.
//  8. Segments of a line follow each other without a hole: each begins where the one before was
//     predicted to end, or, when frames are missing there, at the boundary of the grid or its first
//     frame, whichever comes first. So addresses that were hinted become true.
//  9. Renditions of the ladder come when they are made; each is a Follower of the picture's cuts.
// 10. A protected channel publishes nothing until it has keys. Each segment asks which key period it
//     belongs to; a new period begins with a new Presentation, on the same time line. The ladder
//     changes keys with the picture's segments, whenever its frames come.
// 11. Captions in the picture are announced once they are seen, by the same Presentation again.
// 12. A second sound is a Follower as well: it goes by the same cuts, is given on once picture or first
//     sound have passed it, and never waited for.
// 13. A discontinuity closes chunks, parts and segments with their predicted ends; the next segment
//     is flagged and its number is one more.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "drm/key_schedule.h"
#include "live/chunk.h"
#include "live/frame_reader.h"
#include "media/captions.h"
#include "package/follower.h"
#include "package/grid.h"
#include "package/limits.h"
#include "package/rate.h"
#include "package/track_writer.h"

namespace butai::package {

struct PackagerOptions {
  Micros segment = kSegment;
  std::size_t audio_frames_per_chunk = kAudioFramesPerChunk;
  std::uint32_t first_presentation = 1;  // its number; in the addresses of init segments
  std::unique_ptr<drm::KeySchedule> keys = nullptr;  // of a protected channel
  live::Captions captions = {};                      // announced from the beginning
  std::vector<std::string> sounds = {};              // languages of the first and second sound
};

class Packager final : public live::FrameReader {
 public:
  explicit Packager(live::ChunkSink& sink, PackagerOptions options = {});

  void on_tracks(const std::vector<media::Track>& tracks) override;
  void on_frame(const media::Frame& frame) override;
  void on_discontinuity() override;

  // The ladder's renditions of the tracks that are on, and their frames.
  void on_ladder(const std::vector<media::Track>& renditions);
  void on_ladder_frame(media::Frame frame);

  // Segments that had to begin without a key frame: the publisher's are more than 4 s apart.
  std::uint64_t forced_cuts() const { return forced_cuts_; }
  // Frames that could not be used: before the first key frame, out of order, too late.
  std::uint64_t frames_dropped() const { return frames_dropped_; }

 private:
  struct Lane {  // what the Packager knows of one track
    Lane(live::ChunkSink& sink, const media::Track& track, Micros segment, std::size_t per_chunk,
         Writing writing)
        : writer(sink, track, segment, per_chunk, writing), rate(track) {}
    TrackWriter writer;
    Rate rate;
    std::optional<std::int64_t> last_dts;
  };

  void open_lanes(const std::vector<media::Track>& tracks);
  void publish_presentation();
  live::PresentationPtr present() const;
  Writing writing() const;
  bool waits_for_keys() const;
  void use_keys(Ticks start);
  void on_picture(media::Frame frame);
  void look_for_captions(const media::Frame& frame);
  void on_sound(media::Frame frame);
  void on_second_sound(media::Frame frame);

  bool picture_cuts(const media::Frame& frame, std::int64_t usual) const;
  std::int64_t picture_start(const media::Frame& frame, std::int64_t usual) const;
  void release_sound();
  bool reaches_cut(const media::Frame& sound) const;
  bool picture_has_passed(const media::Frame& sound) const;
  bool sound_is_too_far_ahead() const;
  void cut_sound_at(const media::Frame& first);
  void begin_sound_at(std::int64_t start);
  void cut_late_sound();
  void cut_sound_short();
  void finish_sound();
  void finish_second(Ticks end);
  void add_sound();
  void lead_with_sound();
  void release_second();

  void tell_followers(const Cut& cut);
  Cut next_cut(Ticks start, Ticks first_frame, std::int64_t tolerance);
  void begin(Lane& lane, const Cut& cut);

  live::ChunkSink& sink_;
  PackagerOptions options_;
  std::vector<media::Track> tracks_;
  std::uint32_t presentation_ = 0;   // number of the one that is on; 0: none yet
  bool presented_ = false;           // it was published with these tracks
  drm::KeyPeriodPtr period_;         // its keys, on a protected channel
  media::CaptionChannels captions_;  // seen since the tracks last changed
  Grid grid_;
  std::optional<Lane> picture_, sound_;
  std::optional<Follower> second_;
  std::deque<media::Frame> second_waiting_;
  std::vector<Follower> ladder_;
  std::vector<media::Track> ladder_tracks_;
  std::deque<Cut> recent_cuts_;  // of this presentation: a ladder that joins begins with them

  std::optional<std::uint64_t> last_number_;
  std::int64_t next_boundary_ = 0;  // index on the grid, of the leading track
  bool broken_ = false;             // the next segment follows a discontinuity
  bool sound_leads_ = false;        // no picture, or it stays away
  std::deque<Cut> cuts_;            // of the picture, that sound has not reached
  std::deque<media::Frame> sound_waiting_;
  Ticks sound_end_;                          // when it was last closed
  std::optional<std::int64_t> sound_first_;  // since the line began; to tell how long it waited

  std::uint64_t forced_cuts_ = 0;
  std::uint64_t frames_dropped_ = 0;
};

}  // namespace butai::package
