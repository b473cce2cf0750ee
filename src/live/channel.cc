#include "live/channel.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/log.h"
#include "live/limits.h"

namespace butai::live {

struct Channel::Slot final : InputListener {
  Slot(Channel& c, InputSlot n) : channel(c), name(n) {}

  void on_input_tracks(const std::vector<media::Track>& tracks) override {
    channel.on_tracks(*this, tracks);
  }
  void on_input_frame(const media::Frame& frame) override { channel.on_frame(*this, frame); }
  void on_input_discontinuity() override { channel.on_discontinuity(*this); }

  Channel& channel;
  InputSlot name;
  Publisher* publisher = nullptr;
  std::unique_ptr<Input> input;
  Steady last_brought{};
  std::deque<media::Frame> early_sound;  // what came before the key frame that puts the slot on air
  bool jpeg = false;
  InputStatus status;
  std::vector<std::unique_ptr<FrameReader>> readers;
};

Channel::Channel(ChannelOptions options, Executor& loop, const Clock& clock, Ports ports)
    : options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      ports_(std::move(ports)),
      opened_(clock.utc()) {
  slots_[0] = std::make_unique<Slot>(*this, InputSlot::A);
  slots_[1] = std::make_unique<Slot>(*this, InputSlot::B);
  watch();
}

Channel::~Channel() = default;

std::expected<Input*, TakeError> Channel::take(InputSlot name, const std::string& subject,
                                               Publisher& publisher) {
  if (ended_) return std::unexpected(TakeError::Ended);
  Slot& slot = *slots_[static_cast<std::size_t>(name)];
  if (slot.publisher != nullptr) {
    if (slot.status.subject != subject) return std::unexpected(TakeError::TakenByAnother);
    std::exchange(slot.publisher, nullptr)->dismiss(Dismissal::TakenOver);
  }
  linger_timer_.reset();
  if (on_air_ == &slot) broken_ = true;
  slot.publisher = &publisher;
  slot.input = std::make_unique<Input>(loop_, clock_, slot);
  slot.jpeg = false;
  slot.early_sound.clear();
  slot.status = {};
  slot.status.connected = true;
  slot.status.subject = subject;
  tell_inputs();
  log::info("publisher on",
            {{"channel", options_.name}, {"input", letter(name)}, {"sub", subject}});
  return slot.input.get();
}

void Channel::release(InputSlot name, const Publisher& publisher) {
  Slot& slot = *slots_[static_cast<std::size_t>(name)];
  if (slot.publisher != &publisher) return;
  slot.publisher = nullptr;
  slot.input.reset();
  slot.status.connected = false;
  if (on_air_ == &slot) broken_ = true;
  tell_inputs();
  log::info("publisher off", {{"channel", options_.name}, {"input", letter(name)}});
  const bool deserted = slots_[0]->publisher == nullptr && slots_[1]->publisher == nullptr;
  if (deserted && options_.origin == Origin::Automatic && !ended_) {
    linger_timer_ = loop_.after(options_.linger, [this] { end(); });
  }
}

void Channel::push_picture(InputSlot name, PicturePtr picture) {
  Slot& slot = *slots_[static_cast<std::size_t>(name)];
  slot.jpeg = true;
  ++slot.status.pictures;
  slot.status.bytes += picture->jpeg.size();
  slot.last_brought = clock_.steady();
  // Before the encoder's first frame the pictures alone put the slot on air.
  if (on_air_ == nullptr || (on_air_ != &slot && silent(*on_air_))) put_on_air(slot);
  // A publisher's picture is clear: viewers of a protected channel never get one.
  if (on_air_ == &slot && !options_.protection) ports_.tell(std::move(picture));
}

void Channel::publish(PackageEvent event) {
  if (const auto* part = std::get_if<PartClosed>(&event)) {
    settled_ = std::max(settled_, part->start.utc() + part->duration.micros());
  }
  ports_.tell(std::move(event));
}

std::size_t Channel::caption(Cues cues) {
  const std::size_t late =
      std::erase_if(cues, [this](const Cue& cue) { return cue.end <= settled_; });
  if (!cues.empty()) ports_.tell(std::make_shared<const Cues>(std::move(cues)));
  return late;
}

bool Channel::kick(InputSlot name) {
  Slot& slot = *slots_[static_cast<std::size_t>(name)];
  if (slot.publisher == nullptr) return false;
  Publisher* publisher = slot.publisher;
  release(name, *publisher);
  publisher->dismiss(Dismissal::Kicked);
  return true;
}

void Channel::instruct(InputSlot name, const Instruction& instruction, InstructionDone done) {
  Slot& slot = *slots_[static_cast<std::size_t>(name)];
  if (slot.publisher == nullptr) return done("nobody publishes on this input");
  slot.publisher->instruct(instruction, std::move(done));
}

bool Channel::rotate_keys() {
  if (!rotate_keys_) return false;
  rotate_keys_();
  return true;
}

void Channel::end() {
  if (std::exchange(ended_, true)) return;
  for (const auto& slot : slots_) {
    if (slot->publisher == nullptr) continue;
    slot->input.reset();
    std::exchange(slot->publisher, nullptr)->dismiss(Dismissal::ChannelEnded);
  }
  for (const auto& reader : readers_) reader->on_discontinuity();  // closes what is open
  ports_.tell(Ended{});
  log::info("channel ended", {{"channel", options_.name}});
  // The owner deletes this channel; not while it is still on the stack.
  loop_.post([ended = ports_.ended, this] { ended(*this); });
}

ChannelStatus Channel::status() const {
  ChannelStatus status;
  status.options = options_;
  status.live = live_;
  if (on_air_ != nullptr) {
    status.on_air = on_air_->name;
    status.jpeg = on_air_->jpeg;
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) status.inputs[i] = slots_[i]->status;
  status.viewers = counts_->viewers.load(std::memory_order_relaxed);
  status.gaps = counts_->gaps.load(std::memory_order_relaxed);
  return status;
}

void Channel::attach(InputSlot slot, std::unique_ptr<FrameReader> reader) {
  slots_[static_cast<std::size_t>(slot)]->readers.push_back(std::move(reader));
}

void Channel::set_loudness(InputSlot slot, const media::Loudness& loudness) {
  InputStatus& status = slots_[static_cast<std::size_t>(slot)]->status;
  if (status.connected) status.loudness = loudness;
}

void Channel::on_tracks(Slot& slot, const std::vector<media::Track>& tracks) {
  slot.status.tracks = tracks;
  for (const auto& reader : slot.readers) reader->on_tracks(tracks);
  if (on_air_ == &slot && !broken_) {
    for (const auto& reader : readers_) reader->on_tracks(tracks);
  }
}

void Channel::on_frame(Slot& slot, const media::Frame& frame) {
  ++slot.status.frames;
  if (!slot.jpeg) slot.status.bytes += frame.data.size();
  for (const auto& reader : slot.readers) reader->on_frame(frame);
  const bool has_video = slot.status.tracks.front().codec == media::Codec::H264;
  const bool entry = frame.key && (!has_video || frame.track == media::kVideoTrack);
  if (!may_bring(slot, entry)) {
    if (has_video && frame.track != media::kVideoTrack) {
      slot.early_sound.push_back(frame);
      const std::size_t sounds = slot.status.tracks.size() - 1;
      if (slot.early_sound.size() > kEarlySoundMax * sounds) slot.early_sound.pop_front();
    }
    return;
  }
  slot.last_brought = clock_.steady();
  for (const auto& reader : readers_) reader->on_frame(frame);
}

void Channel::on_discontinuity(Slot& slot) {
  if (on_air_ != &slot || broken_) return;
  for (const auto& reader : readers_) reader->on_discontinuity();
}

// Whether this slot's frame goes to the readers; switches the slot on air when it is its turn.
bool Channel::may_bring(Slot& slot, bool entry) {
  if (on_air_ == &slot && !broken_) return true;
  if (!entry) return false;
  if (on_air_ != nullptr && on_air_ != &slot && on_air_->publisher != nullptr &&
      !silent(*on_air_)) {
    return false;
  }
  put_on_air(slot);
  if (std::exchange(broken_, false)) {
    for (const auto& reader : readers_) reader->on_discontinuity();
  }
  for (const auto& reader : readers_) {
    reader->on_tracks(slot.status.tracks);
    for (const media::Frame& sound : slot.early_sound) reader->on_frame(sound);
  }
  slot.early_sound.clear();
  return true;
}

void Channel::put_on_air(Slot& slot) {
  if (on_air_ != &slot) broken_ = true;
  if (on_air_ != nullptr && on_air_ != &slot) {
    log::info("viewers see the other input",
              {{"channel", options_.name}, {"input", letter(slot.name)}});
  }
  on_air_ = &slot;
  slot.last_brought = clock_.steady();
  live_ = true;
  ports_.tell(OnAir{true, slot.name});
}

bool Channel::silent(const Slot& slot) const {
  return slot.publisher == nullptr || clock_.steady() - slot.last_brought > kInputSilence;
}

// Tells viewers when the picture stops and when it goes on.
void Channel::watch() {
  const bool live = on_air_ != nullptr && !silent(*on_air_);
  if (live != live_ && !ended_) {
    live_ = live;
    ports_.tell(OnAir{live, on_air_->name});
  }
  // While it is live there is nothing to see before it can have been silent for long enough.
  const Micros left = live ? std::chrono::duration_cast<Micros>(on_air_->last_brought +
                                                                kInputSilence - clock_.steady())
                           : Micros{0};
  watch_timer_ = loop_.after(std::max(left, kWatchInterval), [this] { watch(); });
}

void Channel::tell_inputs() {
  InputsTaken taken;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i]->publisher != nullptr) taken.subject[i] = slots_[i]->status.subject;
  }
  ports_.tell(std::move(taken));
}

}  // namespace butai::live
