// What a worker costs: its start, a passed-through picture, a JPEG that becomes H.264.
#include <benchmark/benchmark.h>

#include <boost/asio/io_context.hpp>
#include <functional>

#include "base/clock.h"
#include "net/loop.h"
#include "worker/testing/line_recorder.h"

namespace butai::worker::testing {
namespace {

struct Bench {
  explicit Bench(Job job) {
    LineOptions options;
    options.executable = worker_executable();
    options.job = job;
    options.encoding.frames_per_second_max = 1000;  // as fast as it goes
    line = std::make_unique<Line>(loop, clock, std::move(options), told);
  }
  void until(const std::function<bool()>& so) {
    while (!so()) loop.context().run_one_for(Millis{20});
  }
  net::Loop loop{0};
  SystemClock clock;
  Recorder told;
  std::unique_ptr<Line> line;
};

std::string picture(const std::string& size) {
  return made("bench_" + size + ".jpg",
              "-f lavfi -i testsrc2=size=" + size + " -frames:v 1 -q:v 4");
}

void start_to_first_frame(benchmark::State& state) {
  const Bytes jpeg = file_bytes(picture("320x180"));
  for (auto step : state) {
    Bench bench(Job::Jpeg);
    bench.line->write(jpeg, bench.clock.utc());
    bench.until([&] { return !bench.told.video.empty(); });
  }
}
BENCHMARK(start_to_first_frame)->Unit(benchmark::kMillisecond)->UseRealTime();

void jpeg_to_h264(benchmark::State& state, const std::string& size) {
  const Bytes jpeg = file_bytes(picture(size));
  Bench bench(Job::Jpeg);
  Utc now = bench.clock.utc();
  const auto encode = [&] {
    bench.told.video.clear();
    bench.line->write(jpeg, now += Millis{33});
    bench.until([&] { return !bench.told.video.empty(); });
  };
  encode();
  for (auto step : state) encode();
}
BENCHMARK_CAPTURE(jpeg_to_h264, 640x360, "640x360")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(jpeg_to_h264, 1280x720, "1280x720")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(jpeg_to_h264, 1920x1080, "1920x1080")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// One frame a fragment, each written when the one before has come out.
void pass_through(benchmark::State& state) {
  const Bytes bytes =
      file_bytes(made("bench.mp4",
                      "-f lavfi -i testsrc2=size=1280x720:rate=30:duration=20 -c:v libx264 -preset "
                      "ultrafast -g 30 -bf 0 -pix_fmt yuv420p -movflags "
                      "+frag_every_frame+empty_moov+default_base_moof -f mp4"));
  std::vector<std::size_t> cuts;  // before each moof
  for (std::size_t at = 0; at + 8 <= bytes.size();) {
    const auto box = bytes.view().subspan(at);
    const std::size_t size =
        std::size_t{box[0]} << 24 | std::size_t{box[1]} << 16 | std::size_t{box[2]} << 8 | box[3];
    if (as_text(box.subspan(4, 4)) == "moof") cuts.push_back(at);
    at += size;
  }
  cuts.push_back(bytes.size());
  Bench bench(Job::Demux);
  bench.line->write(bytes.slice(0, cuts[1]));
  bench.until([&] { return !bench.told.video.empty(); });
  std::size_t next = 1;
  for (auto step : state) {
    if (next + 2 >= cuts.size()) {
      state.SkipWithError("the file is too short");
      break;
    }
    bench.told.video.clear();
    bench.line->write(bytes.slice(cuts[next], cuts[next + 1] - cuts[next]));
    bench.until([&] { return !bench.told.video.empty(); });
    ++next;
  }
}
BENCHMARK(pass_through)->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(500);

}  // namespace
}  // namespace butai::worker::testing
