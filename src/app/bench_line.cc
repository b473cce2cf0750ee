#include "app/bench_line.h"

#include "app/command_options.h"
#include "drm/text.h"

namespace butai::app {
namespace {

using Act = std::function<int()>;

void add_latency(CLI::App& bench, client::ProbeOptions& options, Act& act) {
  using Probe = client::Probe;
  auto* latency = bench.add_subcommand("latency", "From publish to reception, one viewer");
  add_choice<Probe>(*latency, "PROBE", options.probe,
                    "jpeg-jpeg, h264-ws, jpeg-ws, echo, first-frame",
                    {{"jpeg-jpeg", Probe::JpegToJpeg},
                     {"h264-ws", Probe::H264ToWs},
                     {"jpeg-ws", Probe::JpegToWs},
                     {"echo", Probe::Echo},
                     {"first-frame", Probe::FirstFrame}})
      ->required();
  latency->add_option("PUBLISH", options.publish_url, "ws(s)://HOST/ws?channel=NAME")->required();
  latency->add_option("WATCH", options.watch_url, "ws(s)://HOST/live/NAME/ws; not for echo");
  latency->add_option("--token", options.token, "may publish and view (BUTAI_TOKEN)");
  add_trust(*latency, options.pin, options.ca_file);
  latency->add_option("--seconds", options.seconds, "how long (10)")->check(CLI::Range(1, 600));
  latency->add_option("--fps", options.frames_per_second, "pictures a second (30)")
      ->check(CLI::Range(1, 60));
  latency->footer(
      "Example: butai bench latency jpeg-jpeg ws://127.0.0.1:8080/ws?channel=main "
      "ws://127.0.0.1:8080/live/main/ws");
  latency->callback([&] { act = [&] { return client::bench_latency(options); }; });
}

void add_run(CLI::App& command, load::RunOptions& options, const char* watch) {
  command.add_option("WATCH", options.watch_url, watch)->required();
  command.add_option("--publish", options.publish_url,
                     "ws(s)://HOST/ws?channel=NAME to send the test material to");
  command.add_option("--token", options.token, "may publish and view (BUTAI_TOKEN)");
  add_trust(command, options.pin, options.ca_file);
  command.add_option("--kbit", options.workload.kbit_per_second, "of picture and sound (600)")
      ->check(CLI::Range(100, 50'000));
  command.add_option("--fps", options.workload.frames_per_second, "pictures a second (25)")
      ->check(CLI::Range(1, 60));
  command.add_option("--viewers", options.viewers, "how many (1000)")->check(CLI::Range(1, 19'500));
  command.add_option("--joins", options.joins_per_second, "joining a second (1000)")
      ->check(CLI::Range(1, 20'000));
  command.add_option("--seconds", options.seconds, "how long to measure (10)")
      ->check(CLI::Range(1, 86'400));
  command.add_option("--pid", options.pid, "of the server (found by its port on this machine)");
  command.add_flag("--json", options.json, "print one JSON object");
}

constexpr const char* kSocket = "ws(s)://HOST/live/NAME/ws, or an endless http(s):// answer";
constexpr const char* kPlaylist = "http(s)://HOST/live/NAME/index.m3u8";

void add_fanout(CLI::App& bench, load::FanoutOptions& options, Act& act) {
  auto* command =
      bench.add_subcommand("fanout", "Many viewers of one channel: cost, latency, gaps");
  add_run(*command, options.run, kSocket);
  command->add_flag("--jpeg", options.run.jpeg, "publish JPEG pictures");
  command->add_option("--probes", options.probe_percent, "percent that read everything (1)")
      ->check(CLI::Range(0, 100));
  command->add_option("--stalled", options.stalled_percent, "percent that never read (0)")
      ->check(CLI::Range(0, 50));
  command->add_option("--slow", options.slow_percent, "percent that read half of it (0)")
      ->check(CLI::Range(0, 50));
  command->footer(
      "Example: butai bench fanout \"ws://127.0.0.1:8080/live/main/ws?latency=100\" "
      "--publish \"ws://127.0.0.1:8080/ws?channel=main\" --kbit 3000 --fps 30 --viewers 10000");
  command->callback([&] { act = [&] { return load::bench_fanout(options); }; });
}

void add_joins(CLI::App& bench, load::FanoutOptions& options, Act& act) {
  auto* command = bench.add_subcommand("joins", "A storm of joins beside viewers who are there");
  options.run.viewers = 500;
  options.storm = 10'000;
  add_run(*command, options.run, kSocket);
  command->add_option("--storm", options.storm, "how many more (10000)")
      ->check(CLI::Range(1, 19'000));
  command->add_option("--storm-rate", options.storm_per_second, "of them a second (1000)")
      ->check(CLI::Range(1, 20'000));
  command->footer(
      "Example: butai bench joins ws://127.0.0.1:8080/live/main/ws "
      "--publish \"ws://127.0.0.1:8080/ws?channel=main\" --storm 10000 --seconds 15");
  command->callback([&] { act = [&] { return load::bench_fanout(options); }; });
}

void add_hls(CLI::App& bench, load::HlsOptions& options, Act& act) {
  auto* command =
      bench.add_subcommand("hls", "Many viewers of playlists and segments, on a player's schedule");
  add_run(*command, options.run, kPlaylist);
  command->add_option("--probes", options.probe_percent, "percent that read everything (5)")
      ->check(CLI::Range(0, 100));
  command->footer(
      "Example: butai bench hls https://127.0.0.1:8443/live/main/index.m3u8 "
      "--publish \"ws://127.0.0.1:8080/ws?channel=main\" --kbit 1000 --viewers 10000");
  command->callback([&] { act = [&] { return load::bench_hls(options); }; });
}

void add_llhls(CLI::App& bench, load::HlsOptions& options, Act& act) {
  auto* command = bench.add_subcommand("llhls", "Many held playlist reloads, released at once");
  add_run(*command, options.run, kPlaylist);
  command->footer(
      "Example: butai bench llhls http://127.0.0.1:8080/live/main/index.m3u8 "
      "--publish \"ws://127.0.0.1:8080/ws?channel=main\" --viewers 10000");
  command->callback([&] { act = [&] { return load::bench_llhls(options); }; });
}

void add_asking(CLI::App& command, load::RequestOptions& options) {
  command.add_option("--connections", options.connections, "kept open (64)")
      ->check(CLI::Range(1, 10'000));
  command.add_option("--rate", options.per_second, "answers a second (as many as there can be)")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--seconds", options.seconds, "how long to measure (5)")
      ->check(CLI::Range(1, 86'400));
  command.add_option("--pid", options.pid, "of the server (found by its port on this machine)");
  command.add_flag("--json", options.json, "print one JSON object");
}

void add_requests(CLI::App& bench, load::RequestOptions& options, Act& act) {
  auto* command = bench.add_subcommand("requests", "One address again and again: cost per answer");
  command->add_option("URL", options.url, "http(s)://HOST/PATH")->required();
  command->add_option("--token", options.token, "may view (BUTAI_TOKEN)");
  add_asking(*command, options);
  command->footer("Example: butai bench requests http://127.0.0.1:8080/live/main/index.m3u8");
  command->callback([&] { act = [&] { return load::bench_requests(options); }; });
}

// {"kids":[…]} as players write it, of ids in hexadecimal or as UUIDs.
std::string clear_key_request(const std::vector<std::string>& kids) {
  std::string list;
  for (const std::string& kid : kids) {
    const auto id = drm::from_uuid(kid);
    list += (list.empty() ? "\"" : ",\"") + (id ? drm::to_base64url(*id) : kid) + "\"";
  }
  return R"({"kids":[)" + list + R"(],"type":"temporary"})";
}

void add_licenses(CLI::App& bench, LicenseBenchOptions& options, Act& act) {
  auto* command = bench.add_subcommand("licenses", "ClearKey licenses of a play: cost and waits");
  command->add_option("URL", options.requests.url, "a play's license address, with /clearkey")
      ->required();
  command->add_option("--kid", options.kids, "a key id; may be repeated")->required();
  add_asking(*command, options.requests);
  command->footer(
      "Example: butai bench licenses http://127.0.0.1:8080/t/TOKEN/license/clearkey "
      "--kid 00112233445566778899aabbccddeeff --connections 1000 --rate 5000 --seconds 2");
  command->callback([&] {
    act = [&] {
      options.requests.body = clear_key_request(options.kids);
      return load::bench_requests(options.requests);
    };
  });
}

void add_orders(CLI::App& bench, OrderBenchOptions& options, Act& act) {
  auto* command = bench.add_subcommand("orders", "Orders a second, each told when it is on disk");
  command->add_option("FOLDER", options.folder, "empty, on the disk to measure")->required();
  command->add_option("--url", options.url, "postgresql://…: that server instead of a file");
  command->add_option("--together", options.together, "buyers at once (64); 1: a commit a request")
      ->check(CLI::Range(1, 512));
  command->add_option("--seconds", options.seconds, "how long to measure (5)")
      ->check(CLI::Range(1, 600));
  command->add_option("--capacity", options.capacity, "tickets there are (1000000)")
      ->check(CLI::Range(1, 100'000'000));
  command->add_flag("--json", options.json, "print one JSON object");
  command->footer("Example: butai bench orders /srv/empty --together 64");
  command->callback([&] { act = [&] { return bench_orders(options); }; });
}

void add_doors(CLI::App& bench, load::DoorOptions& options, Act& act) {
  auto* command = bench.add_subcommand("doors", "The rush at the door, beside who watches already");
  command->add_option("SERVER", options.run.watch_url, "http://HOST:PORT")->required();
  command->add_option("VISITORS", options.visitors, "a JSON object a line: who comes, with cookies")
      ->required();
  command->add_option("--channel", options.channel, "what they have tickets for (stage)");
  command->add_option("--publish", options.run.publish_url,
                      "ws(s)://HOST/ws?channel=NAME to send the test material to");
  command->add_option("--token", options.run.token, "may publish (BUTAI_TOKEN)");
  add_trust(*command, options.run.pin, options.run.ca_file);
  command->add_option("--kbit", options.run.workload.kbit_per_second, "of picture and sound (600)")
      ->check(CLI::Range(100, 50'000));
  command->add_option("--fps", options.run.workload.frames_per_second, "pictures a second (25)")
      ->check(CLI::Range(1, 60));
  command->add_option("--probes", options.probe_percent, "percent of who is there (10)")
      ->check(CLI::Range(0, 100));
  command->add_option("--calm", options.calm, "seconds before the doors (8)")
      ->check(CLI::Range(1, 600));
  command->add_option("--within", options.within, "seconds in which 80 % come (10)")
      ->check(CLI::Range(1, 600));
  command->add_option("--after", options.playing_after, "seconds until they must play (30)")
      ->check(CLI::Range(1, 600));
  command->add_flag("--killed", options.killed, "the server is killed and started meanwhile");
  command->add_option("--pid", options.run.pid, "of the server (found by its port)");
  command->add_flag("--json", options.run.json, "print one JSON object");
  command->footer(
      "Example: butai bench doors http://127.0.0.1:8080 visitors.jsonl "
      "--publish \"ws://127.0.0.1:8080/ws?channel=stage\"");
  command->callback([&] {
    act = [&] {
      options.license_body = [](const std::string& kid) { return clear_key_request({kid}); };
      return load::bench_doors(options);
    };
  });
}

}  // namespace

void add_bench(CLI::App& root, BenchOptions& options, Act& act) {
  auto* bench = root.add_subcommand("bench", "Load and figures")->require_subcommand(1);
  add_latency(*bench, options.latency, act);
  add_fanout(*bench, options.fanout, act);
  add_joins(*bench, options.joins, act);
  add_hls(*bench, options.hls, act);
  add_llhls(*bench, options.llhls, act);
  add_requests(*bench, options.requests, act);
  add_licenses(*bench, options.licenses, act);
  add_orders(*bench, options.orders, act);
  add_doors(*bench, options.doors, act);
}

}  // namespace butai::app
