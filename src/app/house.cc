#include "app/house.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <utility>

#include "access/routes.h"
#include "api/routes.h"
#include "app/channel_pipeline.h"
#include "base/log.h"
#include "delivery/ports.h"
#include "ingest/websocket/routes.h"
#include "pages/routes.h"
#include "store/files.h"

namespace butai::app {
namespace {

// A route handler for the metrics listener, which knows nobody.
class OpenGuard final : public net::Guard {
 public:
  std::expected<net::Principal, net::Response> admit(const net::Policy&,
                                                     const net::Request&) override {
    return net::Principal{};
  }
};

void append(std::vector<net::Route>& all, std::vector<net::Route> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::string worker_beside_us() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "butai-worker";
}

Expected<std::unique_ptr<House>> House::open(Config config, HouseOptions options) {
  if (options.worker.empty()) options.worker = worker_beside_us();
  if (!std::filesystem::exists(options.worker)) {
    return problem(
        fmt::format("there is no {}; build it, or give its path with --worker", options.worker));
  }
  std::unique_ptr<House> house(new House(std::move(config), std::move(options)));
  if (auto built = house->build(); !built) return std::unexpected(built.error());
  return house;
}

House::House(Config config, HouseOptions options)
    : options_(std::move(options)),
      config_(std::move(config)),
      loops_(config_.get()->server.loops),
      open_sockets_(loops_.size()) {}

House::~House() { loops_.stop(); }

Expected<void> House::build() {
  const auto config = config_.get();
  if (auto made = store::prepare_folder(options_.data); !made) return made;
  if (auto access = build_access(); !access) return access;

  std::vector<Executor*> executors;
  for (std::size_t i = 0; i < loops_.size(); ++i) executors.push_back(&loops_[i]);
  channels_ = std::make_unique<live::Channels>(
      std::move(executors), clock_, furnish_channel,
      [this](const std::string& name) { return config_.get()->channel_options(name); });

  server_ = std::make_unique<net::Server>(loops_, all_routes(), *guard_, clock_, metrics_,
                                          server_options());
  nobody_ = std::make_unique<OpenGuard>();
  std::vector<net::Route> metrics_table;
  metrics_table.push_back(api::metrics_route(metrics_));
  metrics_server_ = std::make_unique<net::Server>(loops_, std::move(metrics_table), *nobody_,
                                                  clock_, metrics_, net::ServerOptions{});
  if (!config->server.certificate.empty()) {
    certificate_ = {config->server.certificate, config->server.key};
  } else {
    const std::string folder = options_.data + "/certs";
    certificate_ = {folder + "/certificate.pem", folder + "/key.pem"};
    if (auto made = store::prepare_folder(folder); !made) return made;
    if (!std::filesystem::exists(certificate_.certificate)) {
      if (auto made = net::make_self_signed(certificate_, {"localhost", "127.0.0.1", "::1"});
          !made) {
        return made;
      }
    }
  }
  return server_->use_certificate(certificate_);
}

std::vector<net::Route> House::all_routes() {
  std::vector<net::Route> table;
  append(table, pages::routes({.https_port = [this] {
           return https_port_.load(std::memory_order_relaxed);
         }}));
  append(table, access::routes({.guard = *guard_,
                                .gatekeeper = *gatekeeper_,
                                .plays = *plays_,
                                .tickets = *tickets_,
                                .accounts = *accounts_,
                                .minter = *minter_}));
  append(table, ingest::routes({.channels = *channels_,
                                .guard = *guard_,
                                .clock = clock_,
                                .metrics = metrics_,
                                .open_sockets = open_sockets_,
                                .publication = {.worker_executable = options_.worker,
                                                .encoding = config_.get()->encoding}}));
  append(table,
         delivery::routes({.channels = *channels_,
                           .guard = *guard_,
                           .clock = clock_,
                           .metrics = metrics_,
                           .open_sockets = open_sockets_,
                           .heartbeat = [this](std::string_view play) { plays_->seen(play); }}));
  auto ports = std::make_shared<const api::Ports>(
      api::Ports{.channels = *channels_,
                 .rules = config_,
                 .plays = *plays_,
                 .clock = clock_,
                 .version = BUTAI_VERSION,
                 .ready = [this] { return ready_.load(std::memory_order_relaxed); }});
  append(table, api::channel_routes(ports));
  append(table, api::service_routes(ports));
  table.push_back(api::openapi_route(table, BUTAI_VERSION));
  return table;
}

net::ServerOptions House::server_options() const {
  const auto config = config_.get();
  net::ServerOptions options;
  options.trusted_proxies = config->server.trusted_proxies;
  options.public_url = config->server.public_url;
  return options;
}

Expected<std::uint16_t> House::listen(net::Server& server, HostPort where, bool tls) {
  return server.listen({.host = where.host, .port = where.port, .tls = tls});
}

Expected<Ports> House::start() {
  const auto config = config_.get();
  const std::string& host = options_.default_host;
  HostPort http = config->server.listen.value_or(HostPort{host, 8080});
  HostPort https = config->server.https_listen.value_or(HostPort{host, 8443});
  HostPort metrics = config->server.metrics_listen.value_or(HostPort{"127.0.0.1", 9998});
  if (!options_.listen.empty()) {
    auto parsed = parse_host_port(options_.listen);
    if (!parsed) return problem("--listen: " + parsed.error().sentence);
    http = *parsed;
    // Who asks for one address does not want the others open to the world; and HOST:0 means that
    // nothing of this server is on a port that somebody else may want.
    const std::uint16_t free = 0;
    if (!config->server.https_listen) https = {http.host, http.port == 0 ? free : https.port};
    if (!config->server.metrics_listen && http.port == 0) metrics = {http.host, free};
  }
  loops_.start();
  // Configured channels are there from the start, and main always is.
  const auto nothing_yet = [](live::Channel*) {};
  channels_->with_channel("main", live::Channels::IfMissing::Open, nothing_yet);
  for (const auto& [name, ignored] : config->channels) {
    channels_->with_channel(name, live::Channels::IfMissing::Open, nothing_yet);
  }
  Ports ports;
  for (const auto& [server, where, tls, port] :
       {std::tuple{server_.get(), http, false, &ports.http},
        std::tuple{server_.get(), https, true, &ports.https},
        std::tuple{metrics_server_.get(), metrics, false, &ports.metrics}}) {
    auto taken = listen(*server, where, tls);
    if (!taken) return std::unexpected(taken.error());
    *port = *taken;
  }
  https_port_ = ports.https;
  ready_ = true;
  return ports;
}

void House::reload(Config config) {
  config_.replace(std::move(config));
  server_->reconfigure(server_options());
  channels_->reconfigure();
  if (jwks_) jwks_->reload();
}

std::string House::fingerprint() const {
  return net::certificate_fingerprint(certificate_.certificate).value_or("");
}

}  // namespace butai::app
