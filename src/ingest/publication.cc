#include "ingest/publication.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "ingest/limits.h"

namespace butai::ingest {

std::expected<std::shared_ptr<Publication>, live::TakeError> Publication::begin(
    live::Channel& channel, live::InputSlot slot, const std::string& subject, net::Loop& loop,
    const Clock& clock, Options options, std::shared_ptr<Connection> connection) {
  std::shared_ptr<Publication> publication(new Publication(
      channel, slot, subject, loop, clock, std::move(options), std::move(connection)));
  const auto input = channel.take(slot, subject, *publication);
  if (!input) {
    publication->channel_ = nullptr;
    return std::unexpected(input.error());
  }
  publication->input_ = *input;
  (*input)->on_room([raw = publication.get()] {
    if (raw->line_) raw->line_->resume();
    // Not in this task: it is the input's own.
    raw->loop_.post([weak = raw->weak_from_this()] {
      if (const auto self = weak.lock()) self->drain_items();
    });
  });
  return publication;
}

Publication::Publication(live::Channel& channel, live::InputSlot slot, std::string subject,
                         net::Loop& loop, const Clock& clock, Options options,
                         std::shared_ptr<Connection> connection)
    : channel_(&channel),
      slot_(slot),
      subject_(std::move(subject)),
      loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      connection_(std::move(connection)) {
  options_.encoding.dual_mono = channel.options().dual_mono;
  options_.encoding.sounds = channel.options().sounds_taken();
}

Publication::~Publication() {
  if (channel_ != nullptr) channel_->release(slot_, *this);
}

void Publication::push_jpeg(live::PicturePtr picture) {
  connection_->consumed(picture->jpeg.size());
  if (channel_ == nullptr) return;
  // JPEG viewers first: the encoder wants the processor that their sends need.
  channel_->push_picture(slot_, picture);
  line(worker::Job::Jpeg).write(picture->jpeg, picture->arrived, picture->captured);
}

void Publication::push_piece(Bytes piece) {
  if (channel_ == nullptr) return connection_->consumed(piece.size());
  waiting_.push_back(std::move(piece));
  on_writable();
}

void Publication::push_items(std::vector<MediaItem> items) {
  auto next = items.begin();
  if (items_.empty()) {
    for (; next != items.end() && takes_more(); ++next) consumed_ += push_item(std::move(*next));
  }
  std::move(next, items.end(), std::back_inserter(items_));
  drain_items();
}

void Publication::drain_items() {
  while (!items_.empty() && takes_more()) {
    MediaItem item = std::move(items_.front());
    items_.pop_front();
    consumed_ += push_item(std::move(item));
  }
  // Not of every frame: that would be a task for the connection's loop each time.
  if (consumed_ >= kConsumedStep) connection_->consumed(std::exchange(consumed_, 0));
  if (ending_ && items_.empty()) on_writable();
}

bool Publication::takes_more() const { return input_ == nullptr || !input_->full(); }

// How many bytes of it are consumed; pieces tell themselves, when the worker has taken them.
std::size_t Publication::push_item(MediaItem item) {
  const std::size_t size = size_of(item);
  if (auto* piece = std::get_if<Bytes>(&item)) {
    push_piece(std::move(*piece));
    return 0;
  }
  if (input_ == nullptr) return size;
  if (const auto* handover = std::get_if<Handover>(&item)) {
    hand_over(*handover);
    return size;
  }
  if (const auto* tracks = std::get_if<std::vector<media::Track>>(&item)) {
    input_->set_tracks(*tracks);
    return size;
  }
  auto& frame = std::get<media::Frame>(item);
  // Half a frame of sound more: the worker rounds its times anew.
  passed_.at(frame.track) = frame.dts + frame.duration / 2;
  input_->push(std::move(frame));
  return size;
}

// The worker's frames go on where the passed ones ended.
void Publication::hand_over(const Handover& handover) {
  base_millis_ = handover.base_millis;
  worker::Line& encoder = line(worker::Job::Demux);
  if (const auto anchor = input_->anchor()) {
    encoder.anchor(0, Utc{*anchor + Millis{base_millis_}});
  }
}

// Whether this frame of the worker was passed on before it was asked. Gives it its real time.
bool Publication::already_passed(media::Frame& frame) {
  const std::int64_t base = mul_div(base_millis_, timescales_.at(frame.track), 1000);
  frame.dts += base;
  frame.pts += base;
  auto& passed = passed_.at(frame.track);
  if (passed && frame.dts <= *passed) return true;
  passed.reset();
  return false;
}

void Publication::end() {
  if (channel_ == nullptr || ending_) return;
  ending_ = true;
  until_left_ = shared_from_this();
  // Pictures were shown when they came; of a container up to several seconds may still be on the way.
  const bool nothing_left =
      items_.empty() && waiting_.empty() && input_->empty() && (!line_ || pictures_);
  if (nothing_left) return leave();
  leave_timer_ = loop_.after(kPlayOutMax, [this] { leave(); });
  on_writable();
}

// The last frame was made; those that are early leave in their own time.
void Publication::on_end() {
  if (channel_ == nullptr || !ending_) return;
  if (input_->empty()) return leave();
  input_->on_empty([this] { leave(); });
}

void Publication::leave() {
  if (channel_ == nullptr || !until_left_) return;
  leave_timer_.reset();
  // Not in this task: it may be one of the line's or the input's.
  loop_.post([self = std::move(until_left_)] {
    self->line_.reset();
    if (self->channel_ == nullptr) return;  // taken over meanwhile
    self->input_ = nullptr;
    std::exchange(self->channel_, nullptr)->release(self->slot_, *self);
  });
}

void Publication::dismiss(live::Dismissal why) {
  channel_ = nullptr;
  input_ = nullptr;
  // Not `line_` yet: this may be called from within one of its calls.
  loop_.post(
      [line = std::shared_ptr<worker::Line>(std::move(line_)), self = std::move(until_left_)] {});
  leave_timer_.reset();
  connection_->dismissed(why);
}

void Publication::instruct(const live::Instruction& instruction, live::InstructionDone done) {
  // Our own encoder obeys at once; the publisher hears of it as well, if it listens.
  if (instruction.act == "key_frame" && line_) line_->ask_key_frame();
  connection_->instruct(instruction, std::move(done));
}

worker::Line& Publication::line(worker::Job job) {
  if (!line_) {
    worker::LineOptions options;
    options.executable = options_.worker_executable;
    options.job = job;
    options.encoding = options_.encoding;
    // Pictures are stamped on arrival, so what our encoder makes of them is on the time line already.
    pictures_ = job == worker::Job::Jpeg;
    if (pictures_) input_->trust_source();
    options.label = fmt::format("{}/{}", channel_->options().name, live::letter(slot_));
    line_ = std::make_unique<worker::Line>(loop_, clock_, std::move(options), *this);
  }
  return *line_;
}

void Publication::on_tracks(const std::vector<media::Track>& tracks) {
  for (const media::Track& track : tracks) timescales_.at(track.id) = track.timescale;
  if (input_ != nullptr) input_->set_tracks(tracks);
}

void Publication::on_frame(media::Frame frame) {
  if (input_ == nullptr || already_passed(frame)) return;
  const bool anchored = input_->anchor().has_value();
  input_->push(std::move(frame));
  if (input_ == nullptr || !line_) return;
  if (!anchored && input_->anchor()) {
    line_->anchor(0, Utc{*input_->anchor() + Millis{base_millis_}});
  }
  if (input_->full()) line_->pause();
}

void Publication::on_loss(const std::string& reason) {
  if (channel_ == nullptr) return;
  log::warning(
      "input lost",
      {{"channel", channel_->options().name}, {"input", live::letter(slot_)}, {"reason", reason}});
  if (input_ != nullptr) input_->lost();
}

void Publication::on_complaint(const std::string& sentence) { connection_->complain(sentence); }

void Publication::on_writable() {
  while (!waiting_.empty() && channel_ != nullptr) {
    const std::size_t size = waiting_.front().size();
    if (!line(worker::Job::Demux).write(waiting_.front())) return;
    waiting_.pop_front();
    connection_->consumed(size);
  }
  if (!ending_ || !items_.empty()) return;
  line_ ? line_->finish() : on_end();
}

}  // namespace butai::ingest
