#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "app/commands.h"

namespace butai::app {
namespace {

using Act = std::function<int()>;

void add_place(CLI::App& command, Place& place) {
  command.add_option("--config", place.config, "configuration file (config/butai.toml if it is there)")
      ->type_name("FILE");
  command.add_option("--data", place.data, "folder of database, keys, certificates (./data)")
      ->type_name("DIR");
}

void add_serve_options(CLI::App& command, ServeOptions& options) {
  add_place(command, options.place);
  command.add_option("--listen", options.listen, "plain HTTP; HOST:0 puts every listener on a free port")
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



void add_token(CLI::App& root, MintOptions& options, std::string& token, Act& act) {
  auto* command = root.add_subcommand("token", "Make or read a token")->require_subcommand(1);
  auto* mint = command->add_subcommand("mint", "Print a token for this installation's secret");
  add_place(*mint, options.place);
  mint->add_option("--sub", options.subject, "whose it is")->required()->type_name("NAME");
  mint->add_option("--scope", options.scope, "what it allows, separated by spaces")->required();
  mint->add_option("--ttl", options.ttl_seconds, "how long it is valid (3600)")
      ->check(CLI::Range(1, 366 * 24 * 3600))
      ->type_name("SECONDS");
  mint->footer("Example: butai token mint --sub studio --scope \"publish:main view:main\" --ttl 86400");
  mint->callback([&] { act = [&] { return token_mint(options); }; });
  auto* inspect = command->add_subcommand("inspect", "Say what a token claims and whether it is good");
  add_place(*inspect, options.place);
  inspect->add_option("TOKEN", token, "the token; - reads standard input")->required();
  inspect->footer("Example: butai token inspect - < token.txt");
  inspect->callback([&] { act = [&] { return token_inspect(options.place, token); }; });
}

void add_user(CLI::App& root, UserOptions& options, Act& act) {
  auto* command = root.add_subcommand("user", "Accounts")->require_subcommand(1);
  auto* add = command->add_subcommand("add", "Make an account; the password is read from standard input");
  add_place(*add, options.place);
  add->add_option("NAME", options.name, "sign-in name")->required();
  add->add_option("--role", options.role, "viewer, producer or admin (viewer)")
      ->check(CLI::IsMember({"viewer", "producer", "admin"}));
  add->add_option("--scope", options.scope, "what its tokens may allow, separated by spaces");
  add->add_option("--password-file", options.password_file, "read the password from this file")
      ->type_name("FILE");
  add->footer("Example: butai user add studio --role producer --scope \"publish:main view:main\"");
  add->callback([&] { act = [&] { return user_add(options); }; });
}

void add_channel(CLI::App& root, ChannelOptions& options, Act& act) {
  auto* command = root.add_subcommand("channel", "Channels of a running server")->require_subcommand(1);
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
}

void add_doctor(CLI::App& root, Place& place, Act& act) {
  auto* command =
      root.add_subcommand("doctor", "Check configuration, clock, ports, certificate, database, worker");
  add_place(*command, place);
  command->footer("Example: butai doctor --config config/butai.toml --data /var/lib/butai");
  command->callback([&] { act = [&] { return doctor(place); }; });
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App root("Butai puts on a paid live video event: it takes the picture in, protects it, and "
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
  ChannelOptions channel_options;
  Place doctor_place;
  std::string token;
  add_serve(root, serve_options, act);
  add_demo(root, demo_options, act);
  add_token(root, mint_options, token, act);
  add_user(root, user_options, act);
  add_channel(root, channel_options, act);
  add_doctor(root, doctor_place, act);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? 0 : 2;
  }
  return act();
}

}  // namespace butai::app
