#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/bench_line.h"
#include "app/command_options.h"
#include "app/commands.h"
#include "client/publish.h"
#include "client/watch.h"

namespace butai::app {
namespace {

using Act = std::function<int()>;

void add_place(CLI::App& command, Place& place) {
  command
      .add_option("--config", place.config, "configuration file (config/butai.toml if it is there)")
      ->type_name("FILE");
  command.add_option("--data", place.data, "folder of database, keys, certificates (./data)")
      ->type_name("DIR");
}

void add_serve_options(CLI::App& command, ServeOptions& options) {
  add_place(command, options.place);
  command
      .add_option("--listen", options.listen,
                  "plain HTTP; HOST:0 puts every listener on a free port")
      ->type_name("HOST:PORT");
  command.add_flag("--print-ports", options.print_ports,
                   "print the ports as one JSON line on standard output once ready");
  command.add_option("--worker", options.worker, "butai-worker, if it is not beside butai")
      ->type_name("FILE");
}

void add_serve(CLI::App& root, ServeOptions& options, Act& act) {
  auto* command = root.add_subcommand("serve", "The server");
  add_serve_options(*command, options);
  command->footer("Example: butai serve --config config/butai.toml --data /var/lib/butai");
  command->callback([&] { act = [&] { return serve(options); }; });
}

void add_demo(CLI::App& root, DemoOptions& options, Act& act) {
  auto* command = root.add_subcommand("demo", "A server with a moving test picture on it");
  add_serve_options(*command, options.serve);
  command->add_flag("--lan", options.lan, "listen on all addresses, not only on this machine");
  command->footer("Example: butai demo --lan");
  command->callback([&] { act = [&] { return demo(options); }; });
}

void add_token_options(CLI::App& command, std::string& token, std::string& token_file) {
  command.add_option("--token", token, "bearer token (the environment's BUTAI_TOKEN)");
  command.add_option("--token-file", token_file, "file with the token, read again to renew it")
      ->type_name("FILE");
}

// "1280x720"
std::string read_size(const std::string& text, std::uint16_t& width, std::uint16_t& height) {
  unsigned w = 0;
  unsigned h = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%ux%u%c", &w, &h, &rest) != 2 || w < 16 || h < 16 || w > 8192 ||
      h > 8192) {
    return "the size must be WIDTHxHEIGHT, e.g. 1280x720";
  }
  width = static_cast<std::uint16_t>(w);
  height = static_cast<std::uint16_t>(h);
  return "";
}

void add_publish(CLI::App& root, client::PublishOptions& options, Act& act) {
  using Format = worker::Capture::Format;
  auto* command = root.add_subcommand("publish", "Send a camera, a file or the test picture");
  command
      ->add_option("SOURCE", options.source, "camera[:DEV] | file:PATH | test | - (standard input)")
      ->required();
  command->add_option("URL", options.url, "wss://HOST/ws?channel=NAME or rtmp(s)://HOST/live/NAME")
      ->required();
  add_token_options(*command, options.token, options.token_file);
  add_trust(*command, options.pin, options.ca_file);
  add_choice<Format>(*command, "--format", options.format, "jpeg or h264 (h264)",
                     {{"jpeg", Format::Jpeg}, {"h264", Format::H264}});
  command
      ->add_option_function<std::string>(
          "--size",
          [&options](const std::string& text) {
            const std::string wrong = read_size(text, options.width, options.height);
            if (!wrong.empty()) throw CLI::ValidationError("--size", wrong);
          },
          "picture size (1280x720)")
      ->type_name("WxH");
  command->add_option("--fps", options.frames_per_second, "pictures a second (30)")
      ->check(CLI::Range(1, 60));
  command->add_option("--bitrate", options.video_bitrate, "bits per second of H.264 (2500000)")
      ->check(CLI::Range(100'000, 50'000'000));
  command->add_flag("--loop", options.loop, "start a file again at its end");
  command->add_option("--worker", options.worker, "butai-worker, if it is not beside butai")
      ->type_name("FILE");
  command->footer("Example: butai publish camera wss://live.example.org/ws?channel=main --token T");
  command->callback([&] { act = [&] { return client::publish(options); }; });
}

void add_watch(CLI::App& root, client::WatchOptions& options, Act& act) {
  using Format = client::ViewFormat;
  auto* command = root.add_subcommand("watch", "Watch without a screen: latency, gaps, bitrate");
  command->add_option("URL", options.url, "wss://HOST/live/NAME/ws or https://HOST/watch/NAME")
      ->required();
  command->add_option("--channel", options.channel, "where the URL names none");
  add_token_options(*command, options.token, options.token_file);
  add_trust(*command, options.pin, options.ca_file);
  command->add_option("--seconds", options.seconds, "stop after so long (never)")
      ->check(CLI::Range(0, 7 * 24 * 3600))
      ->type_name("N");
  command->add_flag("--json", options.json, "print one JSON object at the end");
  add_choice<Format>(*command, "--format", options.format, "cmaf or jpeg (cmaf)",
                     {{"cmaf", Format::Cmaf}, {"jpeg", Format::Jpeg}});
  command->add_option("--save", options.save, "write what comes to this file")->type_name("FILE");
  command->footer("Example: butai watch ws://127.0.0.1:8080/live/main/ws --seconds 10");
  command->callback([&] { act = [&] { return client::watch(options); }; });
}

void add_token(CLI::App& root, MintOptions& options, std::string& token, Act& act) {
  auto* command = root.add_subcommand("token", "Make or read a token")->require_subcommand(1);
  auto* mint = command->add_subcommand("mint", "Print a token for this installation's secret");
  add_place(*mint, options.place);
  mint->add_option("--sub", options.subject, "whose it is")->required()->type_name("NAME");
  mint->add_option("--scope", options.scope, "what it allows, separated by spaces")->required();
  mint->add_option("--ttl", options.ttl_seconds, "how long it is valid (3600)")
      ->check(CLI::Range(1, 366 * 24 * 3600))
      ->type_name("SECONDS");
  mint->footer(
      "Example: butai token mint --sub studio --scope \"publish:main view:main\" --ttl 86400");
  mint->callback([&] { act = [&] { return token_mint(options); }; });
  auto* inspect =
      command->add_subcommand("inspect", "Say what a token claims and whether it is good");
  add_place(*inspect, options.place);
  inspect->add_option("TOKEN", token, "the token; - reads standard input")->required();
  inspect->footer("Example: butai token inspect - < token.txt");
  inspect->callback([&] { act = [&] { return token_inspect(options.place, token); }; });
}

// One of the verbs of event, order, user and db.
CLI::App* add_sale_verb(CLI::App& noun, SaleOptions& options, Act& act, const char* action,
                        const char* what, const char* name, int (*run_it)(const SaleOptions&)) {
  auto* verb = noun.add_subcommand(action, what);
  add_place(*verb, options.place);
  if (name != nullptr) verb->add_option(name, options.name)->required();
  verb->footer(
      fmt::format("Example: butai {} {} {}", noun.get_name(), action, name == nullptr ? "" : name));
  verb->callback([&options, &act, action, run_it] {
    options.action = action;
    act = [&options, run_it] { return run_it(options); };
  });
  return verb;
}

void add_user(CLI::App& root, UserOptions& options, SaleOptions& sale, Act& act) {
  auto* command = root.add_subcommand("user", "Accounts")->require_subcommand(1);
  auto* add =
      command->add_subcommand("add", "Make an account; the password is read from standard input");
  add_place(*add, options.place);
  add->add_option("NAME", options.name, "sign-in name")->required();
  add->add_option("--role", options.role, "viewer, producer or admin (viewer)")
      ->check(CLI::IsMember({"viewer", "producer", "admin"}));
  add->add_option("--scope", options.scope, "what its tokens may allow, separated by spaces");
  add->add_option("--password-file", options.password_file, "read the password from this file")
      ->type_name("FILE");
  add->footer("Example: butai user add studio --role producer --scope \"publish:main view:main\"");
  add->callback([&] { act = [&] { return user_add(options); }; });
  add_sale_verb(*command, sale, act, "export", "All that is kept of a person, as JSON", "NAME",
                &person);
  add_sale_verb(*command, sale, act, "erase", "The person goes; orders and ledger stay", "NAME",
                &person);
  add_sale_verb(*command, sale, act, "forget-factor",
                "Take off a second factor whose phone and codes are lost", "NAME", &person);
}

void add_sale(CLI::App& root, SaleOptions& options, Act& act) {
  auto* events = root.add_subcommand("event", "Events that are sold")->require_subcommand(1);
  add_sale_verb(*events, options, act, "list", "All events", nullptr, &event);
  add_sale_verb(*events, options, act, "show", "One event with what is taken", "SLUG", &event);
  add_sale_verb(*events, options, act, "state", "Announce, sell, open, begin, end, close", "SLUG",
                &event)
      ->add_option("TO", options.to, "announced, on_sale, doors_open, live, ended or closed")
      ->required();
  auto* verify = events->add_subcommand("verify-record",
                                        "Whether a record of destruction is as it was signed");
  verify->add_option("FILE", options.name, "as the producer's page or API gave it")->required();
  verify->add_option("--key", options.key, "the public key that must have signed it")
      ->type_name("KEY");
  verify->footer("Example: butai event verify-record destruction-stage.json");
  verify->callback([&] { act = [&options] { return verify_record(options); }; });
  auto* orders = root.add_subcommand("order", "Orders of an event")->require_subcommand(1);
  add_sale_verb(*orders, options, act, "list", "Orders of an event", "SLUG", &order);
  add_sale_verb(*orders, options, act, "show", "One order with its ledger", "ORDER", &order);
  add_sale_verb(*orders, options, act, "refund",
                "Give the money back; the running server does it within seconds", "ORDER", &order);
  add_sale_verb(*orders, options, act, "check", "The ledger's chain and sums, and the seats taken",
                nullptr, &order);
  auto* panics =
      root.add_subcommand("panic", "Everything but watching rests")->require_subcommand(1);
  add_sale_verb(*panics, options, act, "on", "503 with a friendly page for all else", nullptr,
                &panic);
  add_sale_verb(*panics, options, act, "off", "All of it works again", nullptr, &panic);
  add_sale_verb(*panics, options, act, "show", "Whether it is on", nullptr, &panic);
  auto* db = root.add_subcommand("db", "The database")->require_subcommand(1);
  add_sale_verb(*db, options, act, "migrate", "Bring the tables to this version", nullptr,
                &database);
  add_sale_verb(*db, options, act, "backup", "Copy it to a new file, while the server runs", "FILE",
                &database);
  add_sale_verb(*db, options, act, "restore", "Bring a copy back, while the server does not run",
                "FILE", &database);
}

void add_channel(CLI::App& root, ChannelOptions& options, Act& act) {
  auto* command =
      root.add_subcommand("channel", "Channels of a running server")->require_subcommand(1);
  const auto add = [&](const char* action, const char* what, bool named) {
    auto* sub = command->add_subcommand(action, what);
    add_place(*sub, options.place);
    sub->add_option("--server", options.server, "its address (this configuration's own)")
        ->type_name("URL");
    sub->add_option("--ca", options.ca, "CA of its certificate")->type_name("FILE");
    sub->add_option("--pin", options.pin, "SHA-256 of its certificate");
    if (named) sub->add_option("NAME", options.name, "the channel")->required();
    if (std::string_view(action) == "list" || std::string_view(action) == "show") {
      sub->add_flag("--json", options.json, "as JSON");
    }
    if (std::string_view(action) == "kick" || std::string_view(action) == "key-frame") {
      sub->add_option("--input", options.input, "a or b (a)")->check(CLI::IsMember({"a", "b"}));
    }
    if (std::string_view(action) == "key") {
      auto* list = sub->add_flag("--list", options.list_keys, "the keys there are, by id");
      sub->add_option("--revoke", options.revoke, "end a key, and who publishes with it")
          ->type_name("ID")
          ->excludes(list);
      sub->add_flag("--json", options.json, "as JSON");
    }
    sub->footer(std::string("Example: butai channel ") + action + (named ? " main" : ""));
    sub->callback([&options, &act, action] {
      options.action = action;
      act = [&options] { return channel(options); };
    });
  };
  add("list", "All channels", false);
  add("show", "One channel: inputs, tracks, viewers", true);
  add("kick", "Take the publisher off an input", true);
  add("key-frame", "Ask the publisher for a key frame", true);
  add("end", "End a channel for its viewers", true);
  add("url", "Addresses to send to and to watch at", true);
  add("key", "Make a stream key for an encoder; shown this once", true);
}

void add_keys(CLI::App& root, KeysOptions& options, ChannelOptions& channel_options, Act& act) {
  auto* command =
      root.add_subcommand("keys", "Content keys of protected channels")->require_subcommand(1);
  auto* list = command->add_subcommand("list", "Key periods and key ids; never the keys");
  add_place(*list, options.place);
  list->footer("Example: butai keys list --data /var/lib/butai");
  list->callback([&] { act = [&] { return keys_list(options); }; });
  auto* rewrap = command->add_subcommand("rewrap", "Wrap all keys with another master key");
  add_place(*rewrap, options.place);
  rewrap->add_option("--next", options.next_master_file, "file with the new master key")
      ->required()
      ->type_name("FILE");
  rewrap->footer(
      "Example: openssl rand -hex 32 > next && butai keys rewrap --next next\n"
      "The server must not run meanwhile.");
  rewrap->callback([&] { act = [&] { return keys_rewrap(options); }; });
  auto* exported = command->add_subcommand(
      "export-cpix", "The newest keys of a channel in clear, as CPIX 2.3, for another encryptor");
  add_place(*exported, options.place);
  exported->add_option("NAME", options.channel, "the channel")->required();
  exported->add_option("--out", options.out, "a new file, readable by you alone")
      ->required()
      ->type_name("FILE");
  exported->footer("Example: butai keys export-cpix stage --out stage.xml");
  exported->callback([&] { act = [&] { return keys_export(options); }; });
  auto* rotate = command->add_subcommand("rotate", "New keys for a channel of a running server");
  add_place(*rotate, channel_options.place);
  rotate->add_option("--server", channel_options.server, "its address")->type_name("URL");
  rotate->add_option("--ca", channel_options.ca, "CA of its certificate")->type_name("FILE");
  rotate->add_option("--pin", channel_options.pin, "SHA-256 of its certificate");
  rotate->add_option("NAME", channel_options.name, "the channel")->required();
  rotate->footer("Example: butai keys rotate main");
  rotate->callback([&] {
    channel_options.action = "rotate-keys";
    act = [&] { return channel(channel_options); };
  });
}

void add_doctor(CLI::App& root, Place& place, MatrixOptions& matrix, Act& act) {
  auto* command = root.add_subcommand(
      "doctor", "Check configuration, clock, ports, certificate, database, worker");
  add_place(*command, place);
  auto* url = command
                  ->add_option("--device-matrix", matrix.url,
                               "only collect what devices make of this watch page, as table rows")
                  ->type_name("URL");
  command->add_option("--seconds", matrix.seconds, "how long (default: until interrupted)")
      ->needs(url);
  command->add_option("--ca", matrix.ca, "CA of the page's certificate")
      ->type_name("FILE")
      ->needs(url);
  command->add_option("--pin", matrix.pin, "SHA-256 of the page's certificate")->needs(url);
  command->footer(
      "Example: butai doctor --config config/butai.toml --data /var/lib/butai\n"
      "         butai doctor --device-matrix \"https://live.example.org/watch/stage#token=TOKEN\" "
      ">> docs/device-matrix.md");
  command->callback([&] {
    matrix.place = place;
    act = [&] { return matrix.url.empty() ? doctor(place) : device_matrix(matrix); };
  });
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App root(
      "Butai puts on a paid live video event: it takes the picture in, protects it, and "
      "delivers it.",
      "butai");
  root.require_subcommand(1);
  root.set_version_flag("--version", std::string("butai ") + BUTAI_VERSION);
  root.footer("Example: butai demo\nEvery command explains itself: butai COMMAND --help");
  root.failure_message([](const CLI::App* app, const CLI::Error& error) {
    return std::string("butai: ") + error.what() + "; see " + app->get_name() + " --help\n";
  });

  Act act;
  ServeOptions serve_options;
  DemoOptions demo_options;
  MintOptions mint_options;
  UserOptions user_options;
  SaleOptions sale_options;
  ChannelOptions channel_options;
  KeysOptions keys_options;
  Place doctor_place;
  MatrixOptions matrix;
  std::string token;
  client::PublishOptions publish_options;
  client::WatchOptions watch_options;
  BenchOptions bench_options;
  add_serve(root, serve_options, act);
  add_demo(root, demo_options, act);
  add_publish(root, publish_options, act);
  add_watch(root, watch_options, act);
  add_bench(root, bench_options, act);
  add_token(root, mint_options, token, act);
  add_user(root, user_options, sale_options, act);
  add_sale(root, sale_options, act);
  add_channel(root, channel_options, act);
  add_keys(root, keys_options, channel_options, act);
  add_doctor(root, doctor_place, matrix, act);
  try {
    root.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    const auto unknown = root.remaining();
    if (unknown.empty() || !root.get_subcommands().empty()) return root.exit(error) == 0 ? 0 : 2;
    fmt::print(stderr, "butai: there is no command {}; see butai --help\n", unknown.front());
    return 2;
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? 0 : 2;
  }
  return act();
}

}  // namespace butai::app
