#include <fmt/format.h>

#include <boost/json.hpp>
#include <iostream>

#include "app/commands.h"
#include "app/config.h"
#include "app/control_token.h"
#include "app/fail.h"
#include "base/name.h"
#include "net/client.h"
#include "net/url.h"

namespace butai::app {
namespace {

namespace json = boost::json;

// One request to a running server with a control token of this installation.
class Control {
 public:
  static Expected<Control> open(const ChannelOptions& options) {
    auto config = load_config(options.place.config, environment_of_this_process());
    if (!config) return std::unexpected(config.error());
    auto token = control_token(*config, options.place);
    if (!token) return std::unexpected(token.error());
    Control control;
    control.server_ = options.server;
    if (control.server_.empty()) {
      const HostPort http = config->server.listen.value_or(HostPort{"0.0.0.0", 8080});
      control.server_ = fmt::format("http://127.0.0.1:{}", http.port);
      const std::uint16_t rtmp = config->server.rtmp_listen.value_or(HostPort{"", 1935}).port;
      if (rtmp != 0 && rtmp != 1935) control.rtmp_port_ = fmt::format(":{}", rtmp);
    }
    control.client_.ca_file = options.ca;
    control.client_.pin = options.pin;
    control.client_.headers.add("Authorization", "Bearer " + *token);
    return control;
  }

  // The answer's body; the problem carries the server's own sentence.
  Expected<std::string> ask(net::Method method, const std::string& path, std::string body = "") {
    net::Loop loop(0);
    Expected<net::ClientResponse> answer = problem("no answer");
    net::ClientOptions options = client_;
    if (!body.empty()) options.headers.add("Content-Type", "application/json");
    loop.post([&] {
      net::fetch(loop, method, server_ + path, options, body,
                 [&](Expected<net::ClientResponse> response) {
                   answer = std::move(response);
                   loop.stop();
                 });
    });
    loop.run();
    if (!answer) {
      return problem(fmt::format("{} ({}; --config FILE or --server URL name another)",
                                 answer.error().sentence, server_));
    }
    if (answer->status >= 200 && answer->status < 300) return answer->body;
    boost::system::error_code error;
    const json::value value = json::parse(answer->body, error);
    const auto* object = error ? nullptr : value.if_object();
    const auto* detail = object != nullptr ? object->if_contains("detail") : nullptr;
    return problem(detail != nullptr && detail->is_string()
                       ? std::string(detail->get_string())
                       : fmt::format("the server answered {}", answer->status));
  }
  const std::string& server() const { return server_; }
  // Where encoders send to; without a port where only the server itself knows it.
  std::string rtmp() const {
    const auto url = net::Url::parse(server_);
    const std::string host = url ? url->host : "HOST";
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("rtmp://{}{}/live", v6 ? "[" + host + "]" : host, rtmp_port_);
  }

 private:
  std::string server_;
  std::string rtmp_port_;  // with its colon
  net::ClientOptions client_;
};

std::string text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

void print_row(const json::object& channel) {
  fmt::print("{:<24} {:<8} {:<9} {:>7} viewers\n", text(channel, "name"),
             channel.at("live").as_bool() ? "live" : "waiting", text(channel, "latency"),
             channel.at("viewers").as_int64());
}

void print_loudness(const json::value& value) {
  const auto* loudness = value.if_object();
  if (loudness == nullptr) return;
  const auto shown = [loudness](std::string_view key) {
    const json::value& figure = loudness->at(key);
    return figure.is_number() ? fmt::format("{:.1f}", figure.to_number<double>()) : "–";
  };
  fmt::print(
      "    loudness {} LUFS (target {}, in Japan {}), short-term {}, momentary {}, peak {} dBTP\n",
      shown("integrated"), shown("target"), shown("target_japan"), shown("short_term"),
      shown("momentary"), shown("true_peak"));
}

void print_tracks(const json::array& tracks) {
  std::string line;
  for (const json::value& value : tracks) {
    const json::object& track = value.as_object();
    line += line.empty() ? "    " : ", ";
    line += text(track, "codec");
    const auto number = [&track](std::string_view key) {
      return track.at(key).to_number<std::uint32_t>();
    };
    if (track.contains("width")) line += fmt::format(" {}x{}", number("width"), number("height"));
    if (track.contains("sample_rate")) {
      line += fmt::format(" {} Hz, channels: {}", number("sample_rate"), number("channels"));
    }
  }
  if (!line.empty()) fmt::print("{}\n", line);
}

void print_one(const json::object& channel) {
  print_row(channel);
  for (const json::value& value : channel.at("inputs").as_array()) {
    const json::object& input = value.as_object();
    if (!input.at("connected").as_bool()) {
      fmt::print("  input {}: free\n", text(input, "input"));
      continue;
    }
    const bool seen =
        channel.at("live").as_bool() && text(channel, "on_air") == text(input, "input");
    fmt::print("  input {}: {}, {}{} frames, {} pictures, {} bytes\n", text(input, "input"),
               text(input, "subject"), seen ? "on air, " : "",
               input.at("frames").to_number<std::uint64_t>(),
               input.at("pictures").to_number<std::uint64_t>(),
               input.at("bytes").to_number<std::uint64_t>());
    print_tracks(input.at("tracks").as_array());
    if (const auto* loudness = input.if_contains("loudness")) print_loudness(*loudness);
  }
}

void print_urls(const std::string& server, const std::string& rtmp, const std::string& name) {
  const std::string ws = "ws" + server.substr(4);
  fmt::print("publish   {}/ws?channel={}\n", ws, name);
  fmt::print("RTMP      {}  key: what butai channel key {} prints, or {}?token=TOKEN\n", rtmp, name,
             name);
  fmt::print("send page {}/publish#channel={}\n", server, name);
  fmt::print("watch     {}/watch/{}\n", server, name);
  fmt::print("HLS       {}/live/{}/index.m3u8\n", server, name);
  fmt::print("DASH      {}/live/{}/manifest.mpd\n", server, name);
  fmt::print("WebSocket {}/live/{}/ws\n", ws, name);
}

int print_keys(const std::string& body, const ChannelOptions& options) {
  if (options.json) {
    std::cout << body << '\n';
    return 0;
  }
  const json::value answer = json::parse(body);
  if (!options.list_keys) {
    std::cout << text(answer.as_object(), "key") << '\n';
    return 0;
  }
  for (const json::value& value : answer.at("keys").as_array()) {
    const json::object& key = value.as_object();
    fmt::print("{}  {}\n", text(key, "id"), text(key, "created"));
  }
  return 0;
}

int print_channels(const std::string& body, const ChannelOptions& options) {
  if (options.json) {
    std::cout << body << '\n';
    return 0;
  }
  const json::value answer = json::parse(body);
  if (options.action == "show") {
    print_one(answer.as_object());
    return 0;
  }
  for (const json::value& channel : answer.at("channels").as_array())
    print_row(channel.as_object());
  return 0;
}

}  // namespace

int channel(const ChannelOptions& options) {
  if (!options.name.empty() && !is_name(options.name)) {
    return fail("a channel's name is 1 to 64 letters, digits, _ and -");
  }
  auto control = Control::open(options);
  if (!control) return fail(control.error().sentence);
  if (options.action == "url") {
    print_urls(control->server(), control->rtmp(), options.name);
    return 0;
  }
  const std::string one = "/api/v1/channels/" + options.name;
  Expected<std::string> body = problem("no such action");
  if (options.action == "list") body = control->ask(net::Method::Get, "/api/v1/channels");
  if (options.action == "show") body = control->ask(net::Method::Get, one);
  if (options.action == "end") body = control->ask(net::Method::Delete, one);
  if (options.action == "kick") {
    body = control->ask(net::Method::Delete, one + "/inputs/" + options.input);
  }
  if (options.action == "rotate-keys") {
    body = control->ask(net::Method::Post, one + "/rotate-keys");
  }
  if (options.action == "key-frame") {
    body = control->ask(net::Method::Post, one + "/instructions",
                        fmt::format(R"({{"do":"key_frame","input":"{}"}})", options.input));
  }
  const bool prints_keys = options.action == "key" && options.revoke.empty();
  if (prints_keys) {
    body = control->ask(options.list_keys ? net::Method::Get : net::Method::Post, one + "/keys");
  } else if (options.action == "key") {
    body = control->ask(net::Method::Delete, one + "/keys/" + options.revoke);
  }
  if (!body) return fail(body.error().sentence);
  if (prints_keys) return print_keys(*body, options);
  if (options.action == "list" || options.action == "show") return print_channels(*body, options);
  std::cout << "done\n";
  return 0;
}

}  // namespace butai::app
