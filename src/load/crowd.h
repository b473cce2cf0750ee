// Thousands of WebSocket viewers on one thread: they join at a rate, wait for their first frame, and
// then either read everything (probes) or throw it away unread (sinks).
// Flow:   Crowd (own thread) -> Link per viewer -> MessageReader -> Examiner -> Tally
// Thread: as crowd_thread.h says.
// Limits: load/limits.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/latency_figures.h"
#include "load/crowd_thread.h"
#include "load/examiner.h"
#include "load/link.h"
#include "load/message_reader.h"
#include "load/target.h"

namespace butai::load {

struct CrowdOptions {
  Target target;
  std::string request;  // the whole head
  std::size_t viewers = 0;
  double joins_per_second = 1'000;
  bool probes = false;
  bool websocket = true;              // else an endless HTTP answer (JPEG, FLV)
  std::uint32_t kbit_per_second = 0;  // what a viewer should get; for the low water mark
  unsigned stalled_percent = 0, slow_percent = 0;
};

// What a crowd has seen, when it is over.
struct Tally {
  std::uint64_t opened = 0, failed = 0, closed = 0;  // closed: after they were open
  std::map<std::string, std::uint64_t> reasons;      // of what failed
  std::vector<std::uint64_t> bytes;  // of each viewer that was open all the window; wire
  std::uint64_t cut_off = 0;         // slow and stalled ones that the server closed
  LatencyFigures connect, first_frame;
  LatencyFigures lag, sink_lag;  // of the threads' timers: probes', sinks'
  Findings findings;             // in the window
  Findings before;               // until it

  void add(const Tally& others);
};

class Crowd final : public CrowdThread {
 public:
  explicit Crowd(CrowdOptions options);
  ~Crowd() override { stop(); }

  Tally finish();  // ends the window and the thread

 private:
  enum class Stage : std::uint8_t {
    Idle,
    Opening,
    Head,
    First,
    Probing,
    Discarding,
    Dragging,
    Gone
  };
  struct Viewer {
    Link link;
    Stage stage = Stage::Idle;
    bool slow = false, stalled = false, first_seen = false;
    std::int64_t began_us = 0;  // steady
    Utc live_from{};
    std::uint64_t bytes = 0, at_window = 0;
    std::vector<std::uint8_t> head;
    std::unique_ptr<MessageReader> reader;
    std::unique_ptr<Examiner> examiner;
  };

  void begin(std::int64_t now_us) override;
  int join(std::size_t index, std::int64_t due_us) override;
  void drive(std::size_t index) override;
  void enter_window() override;
  std::int64_t turn(std::int64_t now_us, std::int64_t due_us) override;
  void end() override;

  void take_open(Viewer& viewer);
  void take_head(Viewer& viewer, ByteView bytes);
  void take_bytes(Viewer& viewer, ByteView bytes);
  void note_first(Viewer& viewer);
  void settle_down(Viewer& viewer);
  void read(Viewer& viewer);
  void fail(Viewer& viewer, const std::string& why);
  void drag();
  void send_pongs();

  const CrowdOptions options_;
  std::vector<Viewer> viewers_;
  std::size_t oldest_opening_ = 0;
  std::int64_t pongs_us_ = 0;
  int low_water_ = 1;
  TlsClient tls_;
  Tally tally_;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace butai::load
