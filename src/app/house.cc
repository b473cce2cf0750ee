#include "app/house.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "access/routes.h"
#include "api/routes.h"
#include "app/channel_pipeline.h"
#include "app/legal.h"
#include "base/log.h"
#include "delivery/ports.h"
#include "ingest/websocket/routes.h"
#include "licenses/routes.h"
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
  if (auto read = read_legal_documents(config); !read) return std::unexpected(read.error());
  std::unique_ptr<House> house(new House(std::move(config), std::move(options)));
  if (auto built = house->build(); !built) return std::unexpected(built.error());
  return house;
}

House::House(Config config, HouseOptions options)
    : options_(std::move(options)),
      config_(std::move(config)),
      loops_(config_.get()->server.loops),
      open_sockets_(loops_.size()) {}

House::~House() {
  loops_.stop();
  post_office_.reset();
  database_.reset();  // finishes what is queued, while everybody whom it is for is still there
}

Expected<void> House::build() {
  const auto config = config_.get();
  if (auto made = store::prepare_folder(options_.data); !made) return made;
  if (auto access = build_access(); !access) return access;
  if (auto keys = build_keys(); !keys) return keys;
  if (auto sale = build_sale(); !sale) return sale;
  if (auto sign_in = build_sign_in(); !sign_in) return sign_in;
  if (auto mail = build_mail(); !mail) return mail;

  std::vector<Executor*> executors;
  for (std::size_t i = 0; i < loops_.size(); ++i) executors.push_back(&loops_[i]);
  channels_ = std::make_unique<live::Channels>(
      std::move(executors), clock_,
      [this](live::Channel& channel) {
        const auto now = config_.get();
        const std::string& name = channel.options().name;
        furnish_channel(channel, {.loop = *net::Loop::current(),
                                  .clock = clock_,
                                  .keys = *key_provider_,
                                  .worker = options_.worker,
                                  .encoding = now->encoding,
                                  .ladder = now->ladder(name),
                                  .input = now->channel(name).input,
                                  .loudness = now->channel(name).loudness,
                                  .metrics = metrics_});
      },
      [this](const std::string& name) -> std::optional<live::ChannelOptions> {
        if (stage_ && stage_->closed(name)) return std::nullopt;
        return config_.get()->channel_options(name);
      });
  build_stage();

  stills_ = std::make_unique<Stills>(options_.worker, clock_);
  server_ = std::make_unique<net::Server>(loops_, all_routes(), *guard_, clock_, metrics_,
                                          server_options());
  nobody_ = std::make_unique<OpenGuard>();
  std::vector<net::Route> metrics_table;
  metrics_table.push_back(api::metrics_route(metrics_));
  metrics_server_ = std::make_unique<net::Server>(loops_, std::move(metrics_table), *nobody_,
                                                  clock_, metrics_, net::ServerOptions{});
  rtmp_server_ = std::make_unique<ingest::rtmp::RtmpServer>(
      loops_, ingest::rtmp::RtmpPorts{.channels = *channels_,
                                      .guard = *guard_,
                                      .publish_keys = *publish_keys_,
                                      .clock = clock_,
                                      .random = random_,
                                      .metrics = metrics_,
                                      .open_sockets = open_sockets_,
                                      .publication = publication_options()});
  if (auto made = build_certificate(); !made) return made;
  if (auto used = server_->use_certificate(certificate_); !used) return used;
  return rtmp_server_->use_certificate(certificate_);
}

Expected<void> House::build_certificate() {
  const auto config = config_.get();
  if (!config->server.certificate.empty()) {
    certificate_ = {config->server.certificate, config->server.key};
    return {};
  }
  const std::string folder = options_.data + "/certs";
  certificate_ = {folder + "/certificate.pem", folder + "/key.pem"};
  if (auto made = store::prepare_folder(folder); !made) return made;
  if (std::filesystem::exists(certificate_.certificate)) return {};
  return net::make_self_signed(certificate_, {"localhost", "127.0.0.1", "::1"});
}

ingest::Publication::Options House::publication_options() const {
  return {.worker_executable = options_.worker, .encoding = config_.get()->encoding};
}

access::RouteParts House::access_parts() {
  return {.guard = *guard_,
          .gatekeeper = *gatekeeper_,
          .plays = *plays_,
          .tickets = *tickets_,
          .accounts = *accounts_,
          .minter = *minter_,
          .desk = desk_.get(),
          .factors = config_.get()->auth.second_factor == access::SecondFactor::Required
                         ? factors_.get()
                         : nullptr,
          .ended = ended_plays_.get(),
          .is_protected =
              [this](const std::string& channel) { return channels_->is_protected(channel); },
          .license_tokens = service_tokens_->any()};
}

pages::PagesOptions House::pages_options() {
  return {.random = random_,
          .https_port = [this] { return https_port_.load(std::memory_order_relaxed); },
          .pay_script = stripe_ ? config_.get()->payments.stripe.js_url : "",
          .preview = [this](std::string_view slug,
                            std::string_view language) { return preview_of(slug, language); }};
}

std::vector<net::Route> House::all_routes() {
  std::vector<net::Route> table;
  append(table, pages::routes(pages_options()));
  append(table, access::routes(access_parts()));
  append(table, sale_routes());
  append(table, licenses::routes({.guard = *guard_,
                                  .gatekeeper = *gatekeeper_,
                                  .plays = *plays_,
                                  .vault = *vault_,
                                  .metrics = metrics_,
                                  .counts = license_counts_,
                                  .services = *license_services_,
                                  .tokens = *service_tokens_,
                                  .fairplay_certificate = fairplay_certificate_}));
  append(table, ingest::routes({.channels = *channels_,
                                .guard = *guard_,
                                .clock = clock_,
                                .metrics = metrics_,
                                .open_sockets = open_sockets_,
                                .publication = publication_options()}));
  append(table,
         delivery::routes(
             {.channels = *channels_,
              .guard = *guard_,
              .clock = clock_,
              .metrics = metrics_,
              .open_sockets = open_sockets_,
              .edges = edges_,
              .heartbeat = [this](std::string_view play) { plays_->seen(play); },
              .still =
                  [this](const media::Track& track, const media::Frame& frame, net::Loop& loop,
                         Stills::Done done) { stills_->make(track, frame, loop, std::move(done)); },
              .missed = [this](std::string_view play,
                               Micros media) { attendance_->jumped(play, media); },
              .keys = config_.get()->drm.any_real_system() ? package::KeyLines::Drm
                                                           : package::KeyLines::Identity}));
  auto ports = std::make_shared<const api::Ports>(api::Ports{
      .channels = *channels_,
      .rules = config_,
      .plays = *plays_,
      .publish_keys = *publish_keys_,
      .clock = clock_,
      .test_channel_of =
          [this](const std::string& channel) { return config_.get()->test_channel_of(channel); },
      .version = BUTAI_VERSION,
      .ready = [this] { return ready_.load(std::memory_order_relaxed); }});
  append(table, api::channel_routes(ports));
  append(table, api::publish_key_routes(ports));
  append(table, api::device_row_routes(ports));
  append(table, api::service_routes(ports));
  table.push_back(api::openapi_route(table, BUTAI_VERSION));
  return table;
}

net::ServerOptions House::server_options() const {
  const auto config = config_.get();
  net::ServerOptions options;
  options.trusted_proxies = config->server.trusted_proxies;
  options.public_url = config->server.public_url;
  options.capacity = config->server.capacity;
  options.stands_apart = [this](std::string_view channel) {
    return config_.get()->channel(std::string(channel)).input.has_value();
  };
  options.sockets = {.send_buffer_bytes = config->server.send_buffer,
                     .congestion_control = config->server.congestion_control};
  return options;
}

Expected<Ports> House::listen_everywhere() {
  const auto config = config_.get();
  const std::string& host = options_.default_host;
  HostPort http = config->server.listen.value_or(HostPort{host, 8080});
  HostPort https = config->server.https_listen.value_or(HostPort{host, 8443});
  HostPort rtmp = config->server.rtmp_listen.value_or(HostPort{host, 1935});
  HostPort rtmps = config->server.rtmps_listen.value_or(HostPort{host, 1936});
  HostPort metrics = config->server.metrics_listen.value_or(HostPort{"127.0.0.1", 9998});
  if (!options_.listen.empty()) {
    auto parsed = parse_host_port(options_.listen);
    if (!parsed) return problem("--listen: " + parsed.error().sentence);
    http = *parsed;
    // Who asks for one address does not want the others open to the world; and HOST:0 means that
    // nothing of this server is on a port that somebody else may want.
    const auto follow = [&http](const std::optional<HostPort>& set, HostPort& other) {
      if (!set) other = {http.host, http.port == 0 ? http.port : other.port};
    };
    follow(config->server.https_listen, https);
    follow(config->server.rtmp_listen, rtmp);
    follow(config->server.rtmps_listen, rtmps);
    if (!config->server.metrics_listen && http.port == 0) metrics.port = 0;
  }
  Ports ports;
  Expected<void> all;
  const auto listen = [&all](auto& server, const HostPort& where, bool tls, std::uint16_t& port,
                             std::string_view option) {
    if (!all) return;
    auto taken = server.listen({.host = where.host, .port = where.port, .tls = tls});
    if (!taken) all = problem(fmt::format("{} (option {})", taken.error().sentence, option));
    if (taken) port = *taken;
  };
  listen(*server_, http, false, ports.http, "--listen, or [server] listen");
  listen(*server_, https, true, ports.https, "[server] https_listen");
  listen(*rtmp_server_, rtmp, false, ports.rtmp, "[server] rtmp_listen");
  listen(*rtmp_server_, rtmps, true, ports.rtmps, "[server] rtmps_listen");
  listen(*metrics_server_, metrics, false, ports.metrics, "[server] metrics_listen");
  if (!all) return std::unexpected(all.error());
  return ports;
}

Expected<Ports> House::start() {
  loops_.start();
  // Configured channels are there from the start, and main always is.
  const auto nothing_yet = [](live::Channel*) {};
  channels_->with_channel("main", live::Channels::IfMissing::Open, nothing_yet);
  for (const auto& [name, ignored] : config_.get()->channels) {
    channels_->with_channel(name, live::Channels::IfMissing::Open, nothing_yet);
  }
  auto ports = listen_everywhere();
  if (!ports) return ports;
  https_port_ = ports->https;
  http_port_ = ports->http;
  open_sale();
  ready_ = true;
  return ports;
}

void House::reload(Config config) {
  if (auto read = read_legal_documents(config); !read) log::error(read.error().sentence);
  config_.replace(std::move(config));
  server_->reconfigure(server_options());
  channels_->reconfigure();
  if (jwks_) jwks_->reload();
}

std::string House::fingerprint() const {
  return net::certificate_fingerprint(certificate_.certificate).value_or("");
}

}  // namespace butai::app
