#include "app/ladder_trial.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/clock.h"
#include "net/loop.h"

namespace butai::app {
namespace {

constexpr std::size_t kTrialFrames = 60;  // two seconds: one group of pictures
constexpr std::uint32_t kTrialRate = 30;  // a second
constexpr Micros kTrialMax{30'000'000};   // for either half
// The frames are given at once, so they are told to be due later: nobody is late in a trial.
constexpr Micros kDueLater{60'000'000};

struct Source final : worker::LineListener {
  explicit Source(net::Loop& l) : loop(l) {}
  void on_tracks(const std::vector<media::Track>& told) override { tracks = told; }
  void on_frame(media::Frame frame) override {
    if (frame.track != media::kVideoTrack || frames.size() >= kTrialFrames) return;
    frames.push_back(std::move(frame));
    if (frames.size() == kTrialFrames) loop.stop();
  }
  void on_loss(const std::string&) override {}
  void on_complaint(const std::string&) override {}
  net::Loop& loop;
  std::vector<media::Track> tracks;
  std::vector<media::Frame> frames;
};

struct Result final : worker::LineListener {
  Result(net::Loop& l, std::vector<worker::Rung> r) : loop(l), rungs(std::move(r)) {}
  void on_tracks(const std::vector<media::Track>& told) override { renditions = told.size(); }
  // Sound is not tried.
  void on_frame(media::Frame frame) override {
    ++made[frame.track];
    const bool all = made.size() == renditions && std::ranges::all_of(made, [this](const auto& of) {
                       return of.second >= wanted(of.first);
                     });
    if (all) loop.stop();
    done = done || all;
  }
  void on_loss(const std::string&) override { loop.stop(); }
  void on_complaint(const std::string&) override {}

  // What is missing at the end is what the decoder keeps for reordering, and where a lower rate begins.
  std::size_t wanted(media::TrackId track) const {
    constexpr std::size_t kMissing = 3;
    const std::uint32_t most = rungs.at(track - media::kFirstRung).frames_per_second_max;
    const std::uint32_t rate = most == 0 ? kTrialRate : std::min(most, kTrialRate);
    return std::max<std::size_t>(kTrialFrames * rate / kTrialRate, kMissing + 1) - kMissing;
  }

  net::Loop& loop;
  std::vector<worker::Rung> rungs;
  std::size_t renditions = 0;
  std::map<media::TrackId, std::size_t> made;
  bool done = false;
};

// Runs until somebody stops it, or for kTrialMax.
void run(net::Loop& loop) {
  const TimerHandle limit = loop.after(kTrialMax, [&loop] { loop.stop(); });
  loop.run();
}

}  // namespace

std::optional<double> try_ladder(const std::string& worker, std::vector<worker::Rung> rungs) {
  std::erase_if(rungs, [](const worker::Rung& rung) { return rung.height == 0; });
  const SystemClock clock;
  worker::LineOptions options;
  options.executable = worker;
  options.job = worker::Job::Capture;
  options.capture = {
      .source = "test", .width = 1920, .height = 1080, .frames_per_second = kTrialRate};
  options.label = "trial";
  net::Loop filming(0);
  Source source(filming);
  {
    worker::Line line(filming, clock, options, source);
    run(filming);
  }
  if (source.frames.size() < kTrialFrames) return std::nullopt;

  options.job = worker::Job::Ladder;
  options.rungs = std::move(rungs);
  net::Loop making(0);
  Result result(making, options.rungs);
  worker::Line line(making, clock, options, result);
  std::erase_if(source.tracks,
                [](const media::Track& track) { return track.codec != media::Codec::H264; });
  line.describe(source.tracks);
  const Steady began = clock.steady();
  for (media::Frame& frame : source.frames) {
    const std::int64_t later = Ticks::from(kDueLater, source.tracks.front().timescale).value;
    frame.dts += later;
    frame.pts += later;
    line.push(frame);
  }
  run(making);
  if (!result.done) return std::nullopt;
  const double took = std::chrono::duration<double>(clock.steady() - began).count();
  return took * kTrialRate / static_cast<double>(kTrialFrames);
}

}  // namespace butai::app
