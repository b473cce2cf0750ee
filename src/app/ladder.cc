#include "app/ladder.h"

#include <utility>

#include "base/log.h"

namespace butai::app {
namespace {

worker::LineOptions options_of(const std::string& executable,
                               const std::vector<worker::Rung>& rungs, const std::string& channel) {
  worker::LineOptions options;
  options.executable = executable;
  options.job = worker::Job::Ladder;
  options.rungs = rungs;
  options.label = channel;
  return options;
}

}  // namespace

Ladder::Ladder(net::Loop& loop, const Clock& clock, const std::string& worker,
               std::vector<worker::Rung> rungs, std::string channel, package::Packager& packager)
    : rungs_(std::move(rungs)),
      channel_(std::move(channel)),
      packager_(packager),
      line_(loop, clock, options_of(worker, rungs_, channel_), made_) {}

void Ladder::Made::on_tracks(const std::vector<media::Track>& tracks) {
  std::vector<media::Track> named = tracks;
  for (media::Track& track : named) {
    const std::size_t index = track.id - media::kFirstRung;
    if (track.id < media::kFirstRung || index >= ladder.rungs_.size()) return;
    track.name = ladder.rungs_[index].name;
  }
  ladder.packager_.on_ladder(named);
}

void Ladder::Made::on_frame(media::Frame frame) {
  ladder.packager_.on_ladder_frame(std::move(frame));
}

void Ladder::Made::on_loss(const std::string& reason) {
  log::warning("renditions lost for a moment", {{"channel", ladder.channel_}, {"reason", reason}});
}

void Ladder::Made::on_complaint(const std::string& sentence) {
  log::warning("ladder", {{"channel", ladder.channel_}, {"what", sentence}});
}

}  // namespace butai::app
