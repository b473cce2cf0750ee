// A running channel: two inputs, the choice between them, and what every loop is told.
// Flow:   ingest -> Input A, B -> here -> FrameReaders (packager, house outputs)
//         packager -> publish() -> Updates to every loop
// Thread: its own loop, chosen by the channel's name.
// Limits: live/limits.h.
//
// Choice of input: the one that is on stays on. When it has brought nothing for kInputSilence, or
// its publisher left, the other one takes over at its next key frame, after a discontinuity.
#pragma once

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "live/channel_view.h"
#include "live/frame_reader.h"
#include "live/input.h"
#include "live/options.h"
#include "live/publisher.h"
#include "live/update.h"
#include "media/loudness.h"

namespace butai::live {

enum class TakeError : std::uint8_t { TakenByAnother, Ended };

// For the API: what an input is doing.
struct InputStatus {
  bool connected = false;
  std::string subject;
  std::vector<media::Track> tracks;
  std::uint64_t frames = 0;
  std::uint64_t pictures = 0;
  std::uint64_t bytes = 0;
  std::optional<media::Loudness> loudness;  // where it is measured
};
struct ChannelStatus {
  ChannelOptions options;
  bool live = false;
  InputSlot on_air = InputSlot::A;
  bool jpeg = false;  // the input on air brings JPEG pictures
  std::array<InputStatus, 2> inputs;
  std::int64_t viewers = 0;
  std::uint64_t gaps = 0;
};

class Channel final : public ChunkSink {
 public:
  // `tell` posts an update to every loop; `ended` is called once, from a posted task's tail.
  struct Ports {
    std::function<void(Update)> tell;
    std::function<void(const Channel&)> ended;
  };
  Channel(ChannelOptions options, Executor& loop, const Clock& clock, Ports ports);
  ~Channel() override;

  void attach(std::unique_ptr<FrameReader> reader) { readers_.push_back(std::move(reader)); }
  // Reads one input, whether it is on air or not.
  void attach(InputSlot slot, std::unique_ptr<FrameReader> reader);
  void set_loudness(InputSlot slot, const media::Loudness& loudness);
  // A publisher that is the channel's own and goes with it.
  void keep(std::unique_ptr<Publisher> publisher) { own_publisher_ = std::move(publisher); }

  // Takes a slot for `publisher`. Someone else with the same subject is dismissed first.
  std::expected<Input*, TakeError> take(InputSlot slot, const std::string& subject,
                                        Publisher& publisher);
  // The publisher left. Nothing happens if the slot is no longer its own.
  void release(InputSlot slot, const Publisher& publisher);
  void push_picture(InputSlot slot, PicturePtr picture);
  // Cues for all viewers. How many came too late: their time is over in what was published.
  std::size_t caption(Cues cues);

  void publish(PackageEvent event) override;

  bool kick(InputSlot slot);  // false: nobody there
  void instruct(InputSlot slot, const Instruction& instruction, InstructionDone done);
  void end();
  // The next segment begins a new key period. False: the channel is not protected.
  bool rotate_keys();
  void on_rotate_keys(std::function<void()> rotate) { rotate_keys_ = std::move(rotate); }
  // SIGHUP: new latency and linger. Protection stays: a channel never becomes clear while it is on.
  void configure(ChannelOptions options) {
    options.protection = options_.protection;
    options.key_rotation = options_.key_rotation;
    options_ = std::move(options);
  }

  const ChannelOptions& options() const { return options_; }
  const std::shared_ptr<ChannelCounts>& counts() const { return counts_; }
  ChannelStatus status() const;
  Utc opened() const { return opened_; }
  Executor& loop() { return loop_; }

 private:
  struct Slot;

  void on_tracks(Slot& slot, const std::vector<media::Track>& tracks);
  void on_frame(Slot& slot, const media::Frame& frame);
  void on_discontinuity(Slot& slot);
  bool may_bring(Slot& slot, bool entry);
  void put_on_air(Slot& slot);
  void watch();
  void tell_inputs();
  bool silent(const Slot& slot) const;

  ChannelOptions options_;
  Executor& loop_;
  const Clock& clock_;
  Ports ports_;
  Utc opened_;
  std::shared_ptr<ChannelCounts> counts_ = std::make_shared<ChannelCounts>();
  std::vector<std::unique_ptr<FrameReader>> readers_;
  std::function<void()> rotate_keys_;  // empty: not protected
  std::array<std::unique_ptr<Slot>, 2> slots_;
  Slot* on_air_ = nullptr;  // whose frames the readers get; null before the first
  bool broken_ = false;     // the readers must be told of a discontinuity first
  bool live_ = false;       // what viewers were told last
  bool ended_ = false;
  Utc settled_{};  // end of the newest part
  TimerHandle watch_timer_;
  TimerHandle linger_timer_;
  std::unique_ptr<Publisher> own_publisher_;  // last: it knows the rest
};

}  // namespace butai::live
