#include "ingest/file/house_publisher.h"

#include <utility>

#include "base/log.h"

namespace butai::ingest {

HousePublisher::HousePublisher(live::Channel& channel, net::Loop& loop, const Clock& clock,
                               worker::LineOptions options)
    : channel_(channel), loop_(loop), clock_(clock), options_(std::move(options)) {
  options_.job = worker::Job::Capture;
  options_.capture.loop = true;
  begin_ = loop_.after(Micros{0}, [this] { begin(); });
}

void HousePublisher::begin() {
  const auto input = channel_.take(live::InputSlot::A, "house", *this);
  if (!input) return;
  input_ = *input;
  input_->trust_source();  // the worker puts what it reads on the wall clock
  line_ = std::make_unique<worker::Line>(loop_, clock_, options_, *this);
}

void HousePublisher::dismiss(live::Dismissal) {
  input_ = nullptr;
  // Not now: this may be called from within one of its calls.
  loop_.post([line = std::shared_ptr<worker::Line>(std::move(line_))] {});
}

void HousePublisher::instruct(const live::Instruction& instruction, live::InstructionDone done) {
  if (instruction.act != "key_frame" || !line_) {
    return done("this input plays by itself; it only knows key_frame");
  }
  line_->ask_key_frame();
  done("");
}

void HousePublisher::on_tracks(const std::vector<media::Track>& tracks) {
  complaint_.clear();
  if (input_ != nullptr) input_->set_tracks(tracks);
}

void HousePublisher::on_frame(media::Frame frame) {
  if (input_ != nullptr) input_->push(std::move(frame));
}

void HousePublisher::on_loss(const std::string&) {
  if (input_ != nullptr) input_->lost();
}

void HousePublisher::on_complaint(const std::string& sentence) {
  if (sentence == complaint_) return;
  complaint_ = sentence;
  log::warning("input of the house", {{"channel", channel_.options().name}, {"why", sentence}});
}

}  // namespace butai::ingest
