// All viewers of one loop, one channel, one choice and one class (0, 33 or 100 ms): what comes in a
// tick is framed once and each viewer gets it with one send.
// Flow:   live::ChannelView -> Tape -> sweep -> FanOutViewer (a socket)
// Thread: one loop.
// Limits: delivery/limits.h.
//
//  1. A chunk or picture is noted; a tick is due `interval` after the last one, or at once.
//  2. The tick cuts the tape: one contiguous block of ready-made frames.
//  3. The sweep offers the block to every viewer at the edge, beginning elsewhere each time, so that
//     nobody is always last; kSweepSlice at a time, so that the loop stays free for others.
//  4. A viewer elsewhere (new, or behind) is sent what its cursor stands at, as slices of blocks. While
//     its socket has unsent bytes nothing is added; when it drains, it goes on from its cursor.
//  5. One too far behind jumps to the newest entry and is told so. Nothing that refers to a dropped
//     picture is ever sent: a cursor moves by one item or to an entry.
//  6. Every kLookInterval the stuck ones are found.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/metrics.h"
#include "delivery/websocket/cue_drip.h"
#include "delivery/websocket/init_message.h"
#include "delivery/websocket/pace.h"
#include "delivery/websocket/tape.h"
#include "live/channel_view.h"

namespace butai::delivery::websocket {

// A viewer as the fan-out sees it. None of these calls may join or leave anybody.
class FanOutViewer {
 public:
  virtual ~FanOutViewer() = default;
  // Whole frames, to be sent as they are. False: the socket did not take all of them; drained() is
  // called when it has.
  virtual bool send(std::span<const Bytes> frames, std::size_t messages) = 0;
  virtual std::uint64_t taken() const = 0;  // bytes that the socket took so far
  // What lies between was or will be skipped.
  virtual void gap(Utc from, Utc to, std::string_view why) = 0;
  virtual void too_slow() = 0;    // to be closed
  virtual void look() = 0;        // still there; every kLookInterval
  virtual void on_channel() = 0;  // once: a channel stands behind the view
  virtual void on_air_change() = 0;
  virtual void tell(std::string_view text) = 0;
  virtual void on_end() = 0;  // has left already

 private:
  friend class FanOut;
  static constexpr std::size_t kNoSeat = SIZE_MAX;
  std::size_t seat_ = kNoSeat;
};

// Moved by all fan-outs of a loop.
struct FanOutCounters {
  FanOutCounters(Metrics& metrics, std::size_t loop);
  prometheus::Counter& jumps;
  prometheus::Counter& too_slow;
  prometheus::Counter& widened;
  prometheus::Histogram& sweep_seconds;
};

class FanOut final : private live::ViewListener {
 public:
  enum class Feed : std::uint8_t { Chunks, Pictures };

  FanOut(live::ChannelView& view, Feed feed, Choice choice, Micros interval, Executor& loop,
         const Clock& clock, FanOutCounters& counters);
  ~FanOut() override;
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  // Starts with the newest entry, or goes on at `after` if that is still there.
  void join(FanOutViewer& viewer, std::optional<Utc> after);
  // Where the viewer stands: the start of what it was sent last. Harmless for one that is not in.
  Utc leave(FanOutViewer& viewer);
  // Its socket is empty again.
  void drained(FanOutViewer& viewer);

  bool empty() const { return seats_.empty(); }
  bool ended() const { return ended_; }

 private:
  static constexpr std::uint64_t kNowhere = UINT64_MAX;
  struct Seat {
    FanOutViewer* viewer;
    std::uint64_t cursor = kNowhere;
    Utc sent{};               // start of what was sent last
    Utc after{};              // where it wants to go on; epoch: anywhere
    std::uint64_t taken = 0;  // when it was last looked at
    std::uint32_t init = UINT32_MAX;
    bool blocked = false;  // its socket has unsent bytes
    std::uint8_t looks_without_progress = 0;
  };

  void on_chunk() override;
  void on_picture() override;
  void on_air_change() override;
  void on_cues(const live::Cues& cues) override;
  void on_end() override;

  void seed();
  void find_lead();
  bool wants(const live::Chunk& chunk) const;
  bool is_entry(const live::Chunk& chunk) const;
  void append(const live::Chunk& chunk);
  void something_new();
  void tick(Steady due);
  void sweep();
  void serve(Seat& seat);
  void catch_up(Seat& seat);
  bool find_place(Seat& seat);
  void jump_if_behind(Seat& seat);
  void jumped(const Seat& seat, Utc from, Utc to);
  bool add_init(std::uint32_t number);
  void look();
  void tell_all(const std::vector<std::string>& messages);

  live::ChannelView& view_;
  const Feed feed_;
  const Choice choice_;
  live::PresentationPtr presentation_;  // where these were found:
  media::TrackId lead_ = 0;             // whose key frames are entries; 0: not there
  media::TrackId sound_ = 0;            // beside it; 0: none
  Executor& loop_;
  const Clock& clock_;
  FanOutCounters& counters_;
  Pace pace_;
  Tape tape_;
  std::vector<Seat> seats_;
  CueDrip cues_{view_};
  bool ended_ = false;
  bool on_channel_ = false;

  Steady last_tick_{};
  Steady due_{};               // of the sweep that runs
  std::size_t next_seat_ = 0;  // where the sweep stands
  std::size_t left_ = 0;       // viewers it has yet to serve; 0: none runs
  TimerHandle tick_timer_, slice_timer_, look_timer_;

  std::vector<Bytes> pieces_;  // of the send being put together
  Bytes init_frames_;          // made once for all viewers that need it between two ticks
  std::uint32_t init_made_ = UINT32_MAX;
};

}  // namespace butai::delivery::websocket
