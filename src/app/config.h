// What the operator decided: config/butai.toml, the environment, the command line.
// Flow:   load_config (file, then BUTAI_SECTION_OPTION) -> Config -> app/ hands each folder its part
// Thread: plain values.
//
// Each setting stands once, in the table of settings.cc, with its name, what it expects and how it is
// read; the file, the environment and `butai doctor` all use that table.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "access/edge_links.h"
#include "access/oidc/settings.h"
#include "access/sessions.h"
#include "base/problem.h"
#include "base/time.h"
#include "licenses/fairplay_form.h"
#include "licenses/service_token.h"
#include "live/options.h"
#include "media/aac.h"
#include "media/protection.h"
#include "store/database.h"
#include "ticketing/hooks/hooks.h"
#include "ticketing/payments/stripe.h"
#include "worker/line.h"

namespace butai::app {

enum class Access : std::uint8_t { Token, Public, Ticket };

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

struct ServerConfig {
  std::optional<HostPort> listen;          // http; default 0.0.0.0:8080
  std::optional<HostPort> https_listen;    // default 0.0.0.0:8443
  std::optional<HostPort> rtmp_listen;     // default 0.0.0.0:1935
  std::optional<HostPort> rtmps_listen;    // default 0.0.0.0:1936
  std::optional<HostPort> metrics_listen;  // default 127.0.0.1:9998
  std::string public_url;
  std::vector<std::string> trusted_proxies;
  std::string certificate, key;            // PEM files; empty: self-signed in DATA/certs
  std::uint32_t loops = 0;                 // 0: one per core
  std::uint32_t capacity = 0;              // viewers' connections; 0: as descriptors allow
  std::uint32_t send_buffer = 512u << 10;  // bytes per socket; 0: the system's
  std::string congestion_control;          // empty: the system's
};

struct AuthConfig {
  std::string secret;
  std::string previous_secret;  // what it signed is accepted until it expires
  std::string jwks_url, jwks_file;
  std::string issuer;
  std::string audience = "butai";
  access::SecondFactor second_factor = access::SecondFactor::Required;  // of producers and admins
  std::uint32_t password_percent = 50;  // of one core, for hashing passwords
};

struct StoreConfig {
  std::string url;  // postgresql://…; empty: DATA/butai.db
};

struct PaymentsConfig {
  enum class Test : std::uint8_t { Off, Cards, Operator } test = Test::Cards;
  ticketing::StripeSettings stripe{.secret_key = {},
                                   .publishable_key = {},
                                   .webhook_secret = {},
                                   .api_base = "https://api.stripe.com",
                                   .js_url = "https://js.stripe.com/v3/"};
};

struct MailConfig {
  std::string smtp;           // smtp://user:password@host:587; empty: files
  std::string directory;      // of files; empty: DATA/mail
  std::string from;           // "Butai <tickets@example.org>"
  std::string ca;             // PEM file
  std::string dkim_selector;  // for butai doctor
};

struct ChannelConfig {
  std::string name;
  Access access = Access::Token;
  live::Latency latency = live::Latency::Low;
  Micros linger{60'000'000};
  std::vector<std::string> ladder;  // names of renditions; empty: none, "default": all
  std::optional<media::Scheme> protection;
  Micros key_rotation{0};
  live::Captions captions;
  bool loudness = false;
  media::DualMono dual_mono = media::DualMono::Refuse;
  std::vector<std::string> sounds;  // their languages
  std::string like;                 // the channel that it was copied from
  // What it shows by itself, over and over; then it is `like`'s test channel.
  std::optional<worker::Capture> input;
};

// One key system's license service; [drm.widevine], [drm.playready], [drm.fairplay].
struct LicenseServiceConfig {
  std::string license_url;  // empty: this system is not offered
  std::string header;       // "Name: value"
};

// A DRM service's keys; [drm.speke].
struct SpekeConfig {
  enum class Auth : std::uint8_t { None, Basic, Digest } auth = Auth::None;
  std::string url;  // empty: keys are our own
  std::string user, password, header;
  std::string ca, certificate, private_key;
  std::string content_id;
};

struct DrmConfig {
  std::string master_key, master_key_file;
  LicenseServiceConfig widevine, playready, fairplay;
  std::string fairplay_certificate;  // DER file
  licenses::FairPlayForm fairplay_form = licenses::FairPlayForm::Raw;
  SpekeConfig speke;
  licenses::TokenSettings token;  // [drm.token]
  bool any_real_system() const {
    return !widevine.license_url.empty() || !playready.license_url.empty() ||
           !fairplay.license_url.empty();
  }
};

// A cache or CDN in front; [cdn].
struct CdnConfig {
  std::optional<access::EdgeKey> key, previous_key;  // what signs addresses of media
};

struct LogConfig {
  std::string level = "info";   // debug, info, warning, error
  std::string format = "auto";  // text, json, auto: text on a terminal
};

// [legal] by the names of legal.h; terms and privacy are the documents themselves, or addresses.
using LegalConfig = std::map<std::string, std::string>;

struct Config {
  std::string file;  // empty: none was read
  ServerConfig server;
  AuthConfig auth;
  StoreConfig store;
  PaymentsConfig payments;
  LegalConfig legal;
  ticketing::HookSettings webhooks;
  MailConfig mail;
  std::vector<access::oidc::Settings> sign_ins;  // [[oidc]]
  bool channels_auto = true;
  ChannelConfig channel_defaults;
  std::map<std::string, ChannelConfig> channels;  // [[channel]], by name
  worker::Encoding encoding;
  std::vector<worker::Rung> renditions;  // [[rendition]]; the default ones when the file has none
  DrmConfig drm;
  CdnConfig cdn;
  LogConfig log;

  // Where accounts, tickets and keys are kept: what the configuration says, or a file in `data`.
  store::DatabaseOptions database(const std::string& data) const {
    return {.path = data + "/butai.db", .url = store.url};
  }
  // What holds for a channel of this name, named in the file or not.
  const ChannelConfig& channel(const std::string& name) const;
  // Where viewers of `channel` can try beforehand whether it will play.
  std::optional<std::string> test_channel_of(const std::string& channel) const;
  // The renditions that are made of its picture and sound.
  std::vector<worker::Rung> ladder(const std::string& channel) const;
  // Whether it may be opened, and how; the live half of the above.
  std::optional<live::ChannelOptions> channel_options(const std::string& name) const;
};

// Reads `file` (empty: config/butai.toml if it is there, else nothing), then the environment. The
// problem names the file and line and says what to write instead.
Expected<Config> load_config(const std::string& file,
                             const std::map<std::string, std::string>& environment);
std::map<std::string, std::string> environment_of_this_process();
// Names that begin with BUTAI_ and mean nothing, each with the one that may be meant; or nothing.
std::string unknown_environment(const std::map<std::string, std::string>& environment,
                                const Config& config);

Expected<HostPort> parse_host_port(
    const std::string& text);  // "0.0.0.0:8080", "[::]:8080", ":8080"

}  // namespace butai::app
