#include "app/ladder.h"

#include <utility>

#include "base/log.h"

namespace butai::app {
namespace {

worker::LineOptions for_ladder(worker::LineOptions options) {
  options.job = worker::Job::Ladder;
  return options;
}

}  // namespace

Ladder::Ladder(net::Loop& loop, const Clock& clock, worker::LineOptions options,
               package::Packager& packager)
    : rungs_(options.rungs),
      channel_(options.label),
      packager_(packager),
      line_(loop, clock, for_ladder(std::move(options)), made_) {}

void Ladder::on_tracks(const std::vector<media::Track>& tracks) {
  std::vector<media::Track> taken = tracks;
  std::erase_if(taken, [](const auto& track) { return track.id == media::kSecondSound; });
  line_.describe(std::move(taken));
}

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
