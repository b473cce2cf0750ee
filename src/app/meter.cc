#include "app/meter.h"

#include <utility>
#include <vector>

namespace butai::app {
namespace {

prometheus::Gauge& gauge(Metrics& metrics, const std::string& channel, live::InputSlot slot,
                         const char* what) {
  return metrics.gauge(
      "butai_loudness", "loudness of an input in LUFS, its true peak in dBTP",
      {{"channel", channel}, {"input", std::string(1, live::letter(slot))}, {"of", what}});
}

}  // namespace

Meter::Meter(live::Channel& channel, live::InputSlot slot, net::Loop& loop, const Clock& clock,
             worker::LineOptions options, Metrics& metrics)
    : channel_(channel),
      slot_(slot),
      loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      momentary_(gauge(metrics, options_.label, slot, "momentary")),
      short_term_(gauge(metrics, options_.label, slot, "short_term")),
      integrated_(gauge(metrics, options_.label, slot, "integrated")),
      true_peak_(gauge(metrics, options_.label, slot, "true_peak")) {
  options_.job = worker::Job::Meter;
}

void Meter::on_tracks(const std::vector<media::Track>& tracks) {
  std::vector<media::Track> sound;
  for (const media::Track& track : tracks) {
    if (track.id == media::kAudioTrack) sound.push_back(track);
  }
  if (sound.empty()) return line_.reset();
  if (!line_) line_ = std::make_unique<worker::Line>(loop_, clock_, options_, read_);
  line_->describe(std::move(sound));
}

void Meter::on_frame(const media::Frame& frame) {
  if (line_ && frame.track == media::kAudioTrack) line_->push(frame);
}

void Meter::Read::on_loudness(const media::Loudness& loudness) {
  meter.channel_.set_loudness(meter.slot_, loudness);
  meter.momentary_.Set(loudness.momentary);
  meter.short_term_.Set(loudness.short_term);
  meter.integrated_.Set(loudness.integrated);
  meter.true_peak_.Set(loudness.true_peak);
}

}  // namespace butai::app
