#include "app/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "app/legal.h"
#include "mail/address.h"
#include "mail/carrier.h"
#include "net/outgoing.h"

namespace butai::app {
namespace {

bool set_text(std::string& target, const std::string& text) {
  target = text;
  return true;
}

template <class Number>
bool set_number(Number& target, const std::string& text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  if (value < least || value > most) return false;
  target = value;
  return true;
}

bool set_switch(bool& target, const std::string& text) {
  if (text != "true" && text != "false") return false;
  target = text == "true";
  return true;
}

template <class Choice, std::size_t N>
bool set_choice(Choice& target, const std::string& text,
                const std::array<std::pair<std::string_view, Choice>, N>& choices) {
  for (const auto& [name, choice] : choices) {
    if (name == text) {
      target = choice;
      return true;
    }
  }
  return false;
}

bool set_address(std::optional<HostPort>& target, const std::string& text) {
  auto parsed = parse_host_port(text);
  if (!parsed) return false;
  target = *parsed;
  return true;
}

bool set_list(std::vector<std::string>& target, const std::string& text) {
  target.clear();
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto first = part.find_first_not_of(' ');
    if (first == std::string::npos) continue;
    target.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
  }
  return true;
}

bool set_url(std::string& target, const std::string& text) {
  const bool web = text.starts_with("http://") || text.starts_with("https://");
  if (!text.empty() && (!web || text.ends_with('/'))) return false;
  target = text;
  return true;
}

// "Name: value" of a request that goes out.
bool set_header(std::string& target, const std::string& text) {
  const auto colon = text.find(':');
  const bool usable = text.empty() || (colon != std::string::npos && colon > 0 &&
                                       text.find_first_of("\r\n") == std::string::npos);
  if (usable) target = text;
  return usable;
}

// "a:SECRET"
bool set_edge_key(std::optional<access::EdgeKey>& target, const std::string& text) {
  target = access::parse_edge_key(text);
  return target.has_value() || text.empty();
}

// "60s", "1500ms", "5m", "1h"
bool set_duration(Micros& target, const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0 || value > 1'000'000) return false;
  const std::string_view unit(end, text.data() + text.size());
  if (unit == "ms")
    target = Millis{value};
  else if (unit == "s")
    target = Seconds{value};
  else if (unit == "m")
    target = std::chrono::minutes{value};
  else if (unit == "h")
    target = std::chrono::hours{value};
  else
    return false;
  return target <= std::chrono::hours{24};
}

constexpr std::array<std::pair<std::string_view, Access>, 3> kAccess{
    {{"token", Access::Token}, {"public", Access::Public}, {"ticket", Access::Ticket}}};
constexpr std::array<std::pair<std::string_view, live::Latency>, 3> kLatency{
    {{"stable", live::Latency::Stable},
     {"low", live::Latency::Low},
     {"realtime", live::Latency::Realtime}}};
constexpr std::array<std::pair<std::string_view, std::optional<media::Scheme>>, 3> kProtection{
    {{"none", std::nullopt}, {"cbcs", media::Scheme::Cbcs}, {"cenc", media::Scheme::Cenc}}};
constexpr std::array<std::pair<std::string_view, media::DualMono>, 4> kDualMono{
    {{"refuse", media::DualMono::Refuse},
     {"main", media::DualMono::Main},
     {"sub", media::DualMono::Sub},
     {"both", media::DualMono::Both}}};
constexpr std::array<std::pair<std::string_view, SpekeConfig::Auth>, 3> kSpekeAuth{
    {{"none", SpekeConfig::Auth::None},
     {"basic", SpekeConfig::Auth::Basic},
     {"digest", SpekeConfig::Auth::Digest}}};
constexpr std::array<std::pair<std::string_view, licenses::FairPlayForm>, 3> kForms{
    {{"raw", licenses::FairPlayForm::Raw},
     {"form", licenses::FairPlayForm::Form},
     {"json", licenses::FairPlayForm::Json}}};
constexpr std::array<std::pair<std::string_view, licenses::TokenForm>, 4> kTokenForms{
    {{"none", licenses::TokenForm::None},
     {"axinom", licenses::TokenForm::Axinom},
     {"jwt", licenses::TokenForm::Jwt},
     {"drmtoday", licenses::TokenForm::DrmToday}}};
constexpr std::array<std::pair<std::string_view, PaymentsConfig::Test>, 3> kTestPayments{
    {{"off", PaymentsConfig::Test::Off},
     {"cards", PaymentsConfig::Test::Cards},
     {"operator", PaymentsConfig::Test::Operator}}};
constexpr std::array<std::pair<std::string_view, access::SecondFactor>, 2> kSecondFactor{
    {{"required", access::SecondFactor::Required}, {"off", access::SecondFactor::Off}}};
using access::oidc::Settings;
constexpr std::array<std::pair<std::string_view, Settings::ClientAuth>, 2> kClientAuth{
    {{"post", Settings::ClientAuth::Post}, {"basic", Settings::ClientAuth::Basic}}};
constexpr std::array<std::pair<std::string_view, access::Algorithm>, 3> kAlgorithms{
    {{"RS256", access::Algorithm::RS256},
     {"ES256", access::Algorithm::ES256},
     {"HS256", access::Algorithm::HS256}}};
constexpr std::string_view kAddress = "an address and port, e.g. \"0.0.0.0:8080\" or \"[::]:8080\"";
constexpr std::string_view kService = "an https address (http on loopback only)";
constexpr std::string_view kHeader = "\"Name: value\"";
constexpr std::string_view kEdgeKey =
    "NAME:SECRET, a name of letters and digits and 32 characters or more";
constexpr std::string_view kFile = "the path of a PEM file";
constexpr std::string_view kDuration = "a time with its unit, e.g. \"60s\", \"1500ms\", \"5m\"";

// Captions inside the picture with their language, and languages of cues.
bool set_captions(live::Captions& target, const std::string& text) {
  std::vector<std::string> lines;
  live::Captions captions;
  if (!set_list(lines, text)) return false;
  for (const std::string& line : lines) {
    if (!live::add_captions(captions, line)) return false;
  }
  target = std::move(captions);
  return true;
}

// Languages of one sound, or of two.
bool set_sounds(std::vector<std::string>& target, const std::string& text) {
  std::vector<std::string> languages;
  set_list(languages, text);
  if (languages.size() > 2 || !std::ranges::all_of(languages, live::is_language)) return false;
  target = std::move(languages);
  return true;
}

const std::array kChannelSettings{
    ChannelSetting{
        "access", "\"token\", \"public\" or \"ticket\"",
        [](ChannelConfig& c, const std::string& t) { return set_choice(c.access, t, kAccess); }},
    ChannelSetting{
        "latency", "\"stable\", \"low\" or \"realtime\"",
        [](ChannelConfig& c, const std::string& t) { return set_choice(c.latency, t, kLatency); }},
    ChannelSetting{"protection", "\"none\", \"cbcs\" or \"cenc\"",
                   [](ChannelConfig& c, const std::string& t) {
                     return set_choice(c.protection, t, kProtection);
                   }},
    ChannelSetting{"key_rotation", "\"0s\" (never) or a time of 10 s or more, e.g. \"10m\"",
                   [](ChannelConfig& c, const std::string& t) {
                     return set_duration(c.key_rotation, t) &&
                            (c.key_rotation == Micros{0} || c.key_rotation >= Seconds{10});
                   }},
    ChannelSetting{
        "linger", kDuration,
        [](ChannelConfig& c, const std::string& t) { return set_duration(c.linger, t); }},
    ChannelSetting{
        "captions", "a list like [\"CC1=ja\", \"ja\", \"en\"]",
        [](ChannelConfig& c, const std::string& t) { return set_captions(c.captions, t); }},
    ChannelSetting{
        "loudness", "true or false",
        [](ChannelConfig& c, const std::string& t) { return set_switch(c.loudness, t); }},
    ChannelSetting{"sounds", "languages of one or two sounds, e.g. [\"ja\", \"en\"]",
                   [](ChannelConfig& c, const std::string& t) { return set_sounds(c.sounds, t); }},
    ChannelSetting{"dual_mono", "\"refuse\", \"main\", \"sub\" or \"both\"",
                   [](ChannelConfig& c, const std::string& t) {
                     return set_choice(c.dual_mono, t, kDualMono);
                   }},
    ChannelSetting{"ladder", "\"none\", \"default\" or a list of names of [[rendition]]",
                   [](ChannelConfig& c, const std::string& t) {
                     if (t == "none") return set_list(c.ladder, "");
                     return !t.empty() && set_list(c.ladder, t);
                   }},
};

// "1280x720"
bool read_size(const std::string& text, std::uint16_t& width, std::uint16_t& height) {
  const auto by = text.find('x');
  return by != std::string::npos &&
         set_number<std::uint16_t>(width, text.substr(0, by), 16, 4096) &&
         set_number<std::uint16_t>(height, text.substr(by + 1), 16, 4096) && height % 2 == 0;
}

// Renditions keep the source's shape, so the height is what counts.
bool set_size(worker::Rung& rung, const std::string& text) {
  std::uint16_t width = 0;
  return read_size(text, width, rung.height);
}

const std::array kRenditionSettings{
    RenditionSetting{"size", "a size with an even height, e.g. \"1280x720\"", set_size},
    RenditionSetting{"rate", "pictures a second, 1 to 60",
                     [](worker::Rung& r, const std::string& t) {
                       return set_number(r.frames_per_second_max, t, 1u, 60u);
                     }},
    RenditionSetting{"bitrate", "bits per second of the picture, 50000 to 50000000",
                     [](worker::Rung& r, const std::string& t) {
                       return set_number(r.bitrate, t, 50'000u, 50'000'000u);
                     }},
    RenditionSetting{"audio", "bits per second of a rendition of sound alone, 16000 to 512000",
                     [](worker::Rung& r, const std::string& t) {
                       return set_number(r.bitrate, t, 16'000u, 512'000u);
                     }},
};

bool set_algorithms(Settings& settings, const std::string& text) {
  std::vector<std::string> names;
  set_list(names, text);
  settings.algorithms.clear();
  for (const std::string& name : names) {
    if (!set_choice(settings.algorithms.emplace_back(), name, kAlgorithms)) return false;
  }
  return !names.empty();
}

bool set_some_text(std::string& target, const std::string& text) {
  return !text.empty() && set_text(target, text);
}

const std::array kSignInSettings{
    SignInSetting{"label", "the words on its button, e.g. \"Google\"",
                  [](Settings& c, const std::string& t) { return set_some_text(c.label, t); }},
    SignInSetting{"issuer", "an https address (http on loopback only), as the provider writes it",
                  [](Settings& c, const std::string& t) {
                    return net::check_outgoing_url(t).has_value() && set_text(c.issuer, t);
                  }},
    SignInSetting{"client_id", "what the provider gave",
                  [](Settings& c, const std::string& t) { return set_some_text(c.client_id, t); }},
    SignInSetting{
        "client_secret", "what the provider gave",
        [](Settings& c, const std::string& t) { return set_some_text(c.client_secret, t); }},
    SignInSetting{"scope", "words with openid among them, e.g. \"openid email profile\"",
                  [](Settings& c, const std::string& t) {
                    return (" " + t + " ").contains(" openid ") && set_text(c.scope, t);
                  }},
    SignInSetting{"algorithms", "a list of \"RS256\", \"ES256\" and \"HS256\"", set_algorithms},
    SignInSetting{"client_auth", "\"post\" or \"basic\"",
                  [](Settings& c, const std::string& t) {
                    return set_choice(c.client_auth, t, kClientAuth);
                  }},
};

std::vector<Setting> make_settings() {
  std::vector<Setting> all{
      {"server", "listen", kAddress,
       [](Config& c, const std::string& t) { return set_address(c.server.listen, t); }},
      {"server", "https_listen", kAddress,
       [](Config& c, const std::string& t) { return set_address(c.server.https_listen, t); }},
      {"server", "rtmp_listen", kAddress,
       [](Config& c, const std::string& t) { return set_address(c.server.rtmp_listen, t); }},
      {"server", "rtmps_listen", kAddress,
       [](Config& c, const std::string& t) { return set_address(c.server.rtmps_listen, t); }},
      {"server", "metrics_listen", kAddress,
       [](Config& c, const std::string& t) { return set_address(c.server.metrics_listen, t); }},
      {"server", "public_url",
       "an address without a slash at its end, e.g. \"https://live.example.org\"",
       [](Config& c, const std::string& t) { return set_url(c.server.public_url, t); }},
      {"server", "trusted_proxies", "a list of addresses, e.g. [\"10.0.0.0/8\", \"127.0.0.1\"]",
       [](Config& c, const std::string& t) { return set_list(c.server.trusted_proxies, t); }},
      {"server", "certificate", "the path of a PEM file",
       [](Config& c, const std::string& t) { return set_text(c.server.certificate, t); }},
      {"server", "key", "the path of a PEM file",
       [](Config& c, const std::string& t) { return set_text(c.server.key, t); }},
      {"server", "loops", "a number from 0 (one per core) to 256",
       [](Config& c, const std::string& t) { return set_number(c.server.loops, t, 0u, 256u); }},
      {"server", "capacity", "a number of viewers from 0 (as many as descriptors allow) to 1000000",
       [](Config& c, const std::string& t) {
         return set_number(c.server.capacity, t, 0u, 1'000'000u);
       }},
      {"server", "send_buffer", "bytes from 0 (the system decides) to 16777216",
       [](Config& c, const std::string& t) {
         return set_number(c.server.send_buffer, t, 0u, 16'777'216u);
       }},
      {"server", "congestion_control", "a name, e.g. \"bbr\" or \"cubic\"",
       [](Config& c, const std::string& t) { return set_text(c.server.congestion_control, t); }},
      {"auth", "secret", "at least 32 bytes of text",
       [](Config& c, const std::string& t) { return !t.empty() && set_text(c.auth.secret, t); }},
      {"auth", "previous_secret", "the secret before this one",
       [](Config& c, const std::string& t) { return set_text(c.auth.previous_secret, t); }},
      {"auth", "jwks_url", "an https address (http on loopback only)",
       [](Config& c, const std::string& t) { return set_text(c.auth.jwks_url, t); }},
      {"auth", "jwks_file", "the path of a JWKS file",
       [](Config& c, const std::string& t) { return set_text(c.auth.jwks_file, t); }},
      {"auth", "issuer", "the iss that tokens must carry",
       [](Config& c, const std::string& t) { return set_text(c.auth.issuer, t); }},
      {"auth", "audience", "the aud that tokens must carry",
       [](Config& c, const std::string& t) { return !t.empty() && set_text(c.auth.audience, t); }},
      {"auth", "second_factor", "\"required\" or \"off\"",
       [](Config& c, const std::string& t) {
         return set_choice(c.auth.second_factor, t, kSecondFactor);
       }},
      {"auth", "password_percent", "percent of one core, from 5 to 1600",
       [](Config& c, const std::string& t) {
         return set_number(c.auth.password_percent, t, 5u, 1600u);
       }},
      {"mail", "smtp", "smtp://user:password@host:587 or smtps://user:password@host",
       [](Config& c, const std::string& t) {
         return (t.empty() || mail::check_smtp(t).has_value()) && set_text(c.mail.smtp, t);
       }},
      {"mail", "directory", "the path of a folder",
       [](Config& c, const std::string& t) { return set_text(c.mail.directory, t); }},
      {"mail", "from", "an address, e.g. \"Butai <tickets@example.org>\"",
       [](Config& c, const std::string& t) {
         return mail::parse_sender(t).has_value() && set_text(c.mail.from, t);
       }},
      {"mail", "ca", kFile, [](Config& c, const std::string& t) { return set_text(c.mail.ca, t); }},
      {"mail", "dkim_selector", "the selector that the mail server signs with",
       [](Config& c, const std::string& t) { return set_text(c.mail.dkim_selector, t); }},
      {"store", "url", "an address, e.g. \"postgresql://butai@db.example.org/butai\"",
       [](Config& c, const std::string& t) {
         return (t.empty() || t.starts_with("postgresql://")) && set_text(c.store.url, t);
       }},
      {"payments", "test", "\"off\", \"cards\" or \"operator\"",
       [](Config& c, const std::string& t) {
         return set_choice(c.payments.test, t, kTestPayments);
       }},
      {"payments.stripe", "secret_key", "sk_… or rk_…",
       [](Config& c, const std::string& t) { return set_text(c.payments.stripe.secret_key, t); }},
      {"payments.stripe", "publishable_key", "pk_…",
       [](Config& c, const std::string& t) {
         return set_text(c.payments.stripe.publishable_key, t);
       }},
      {"payments.stripe", "webhook_secret", "whsec_…",
       [](Config& c, const std::string& t) {
         return set_text(c.payments.stripe.webhook_secret, t);
       }},
      {"payments.stripe", "api_base", kService,
       [](Config& c, const std::string& t) { return set_url(c.payments.stripe.api_base, t); }},
      {"payments.stripe", "js_url", kService,
       [](Config& c, const std::string& t) { return set_text(c.payments.stripe.js_url, t); }},
      {"webhooks", "url", kService,
       [](Config& c, const std::string& t) { return set_text(c.webhooks.url, t); }},
      {"webhooks", "secret", "at least 32 characters",
       [](Config& c, const std::string& t) { return set_text(c.webhooks.secret, t); }},
      {"channels", "auto", "true or false",
       [](Config& c, const std::string& t) { return set_switch(c.channels_auto, t); }},
      {"encoding", "frames_per_second_max", "a number from 1 to 60",
       [](Config& c, const std::string& t) {
         return set_number(c.encoding.frames_per_second_max, t, 1u, 60u);
       }},
      {"encoding", "video_bitrate", "bits per second, 100000 to 50000000",
       [](Config& c, const std::string& t) {
         return set_number(c.encoding.video_bitrate, t, 100'000u, 50'000'000u);
       }},
      {"encoding", "audio_bitrate", "bits per second, 32000 to 512000",
       [](Config& c, const std::string& t) {
         return set_number(c.encoding.audio_bitrate, t, 32'000u, 512'000u);
       }},
      {"cdn", "key", kEdgeKey,
       [](Config& c, const std::string& t) { return set_edge_key(c.cdn.key, t); }},
      {"cdn", "previous_key", kEdgeKey,
       [](Config& c, const std::string& t) { return set_edge_key(c.cdn.previous_key, t); }},
      {"drm", "master_key", "64 hexadecimal digits",
       [](Config& c, const std::string& t) { return set_text(c.drm.master_key, t); }},
      {"drm", "master_key_file", "the path of a file with 64 hexadecimal digits",
       [](Config& c, const std::string& t) { return set_text(c.drm.master_key_file, t); }},
      {"drm.widevine", "license_url", kService,
       [](Config& c, const std::string& t) { return set_text(c.drm.widevine.license_url, t); }},
      {"drm.widevine", "header", kHeader,
       [](Config& c, const std::string& t) { return set_header(c.drm.widevine.header, t); }},
      {"drm.playready", "license_url", kService,
       [](Config& c, const std::string& t) { return set_text(c.drm.playready.license_url, t); }},
      {"drm.playready", "header", kHeader,
       [](Config& c, const std::string& t) { return set_header(c.drm.playready.header, t); }},
      {"drm.fairplay", "license_url", kService,
       [](Config& c, const std::string& t) { return set_text(c.drm.fairplay.license_url, t); }},
      {"drm.fairplay", "header", kHeader,
       [](Config& c, const std::string& t) { return set_header(c.drm.fairplay.header, t); }},
      {"drm.fairplay", "form", "\"raw\", \"form\" or \"json\"",
       [](Config& c, const std::string& t) { return set_choice(c.drm.fairplay_form, t, kForms); }},
      {"drm.fairplay", "certificate", "the path of the application certificate (DER)",
       [](Config& c, const std::string& t) { return set_text(c.drm.fairplay_certificate, t); }},
      {"drm.token", "form", "\"none\", \"axinom\", \"jwt\" or \"drmtoday\"",
       [](Config& c, const std::string& t) {
         return set_choice(c.drm.token.form, t, kTokenForms);
       }},
      {"drm.token", "key", "the service's secret in base64",
       [](Config& c, const std::string& t) { return set_text(c.drm.token.key, t); }},
      {"drm.token", "key_id", "the name of that secret",
       [](Config& c, const std::string& t) { return set_text(c.drm.token.key_id, t); }},
      {"drm.token", "merchant", "a name",
       [](Config& c, const std::string& t) { return set_text(c.drm.token.merchant, t); }},
      {"drm.token", "audience", "a name",
       [](Config& c, const std::string& t) { return set_text(c.drm.token.audience, t); }},
      {"drm.speke", "url", kService,
       [](Config& c, const std::string& t) { return set_text(c.drm.speke.url, t); }},
      {"drm.speke", "auth", "\"none\", \"basic\" or \"digest\"",
       [](Config& c, const std::string& t) { return set_choice(c.drm.speke.auth, t, kSpekeAuth); }},
      {"drm.speke", "user", "a name",
       [](Config& c, const std::string& t) { return set_text(c.drm.speke.user, t); }},
      {"drm.speke", "password", "a password",
       [](Config& c, const std::string& t) { return set_text(c.drm.speke.password, t); }},
      {"drm.speke", "header", kHeader,
       [](Config& c, const std::string& t) { return set_header(c.drm.speke.header, t); }},
      {"drm.speke", "ca", kFile,
       [](Config& c, const std::string& t) { return set_text(c.drm.speke.ca, t); }},
      {"drm.speke", "certificate", kFile,
       [](Config& c, const std::string& t) { return set_text(c.drm.speke.certificate, t); }},
      {"drm.speke", "private_key", kFile,
       [](Config& c, const std::string& t) { return set_text(c.drm.speke.private_key, t); }},
      {"drm.speke", "content_id", "the name of the content at the service",
       [](Config& c, const std::string& t) { return set_text(c.drm.speke.content_id, t); }},
      {"log", "level", "\"debug\", \"info\", \"warning\" or \"error\"",
       [](Config& c, const std::string& t) {
         return (t == "debug" || t == "info" || t == "warning" || t == "error") &&
                set_text(c.log.level, t);
       }},
      {"log", "format", "\"text\", \"json\" or \"auto\"",
       [](Config& c, const std::string& t) {
         return (t == "text" || t == "json" || t == "auto") && set_text(c.log.format, t);
       }},
  };
  for (const LegalKey& key : legal_keys()) {
    all.push_back({key.section, key.name, key.expects, [&key](Config& c, const std::string& t) {
                     return set_text(c.legal[std::string(key.name)], t);
                   }});
  }
  for (const ChannelSetting& setting : kChannelSettings) {
    all.push_back(
        {"channels", setting.name, setting.expects, [&setting](Config& c, const std::string& t) {
           return setting.set(c.channel_defaults, t);
         }});
  }
  return all;
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

std::span<const ChannelSetting> channel_settings() { return kChannelSettings; }

std::span<const RenditionSetting> rendition_settings() { return kRenditionSettings; }

std::span<const SignInSetting> sign_in_settings() { return kSignInSettings; }

std::optional<worker::Capture> parse_input(const std::string& text) {
  worker::Capture capture;
  if (text.starts_with("file:") && text.size() > 5) {
    capture.source = text;
    return capture;
  }
  capture.source = "test";
  const bool sized = text.starts_with("test:");
  if (sized &&
      (!read_size(text.substr(5), capture.width, capture.height) || capture.width % 2 != 0)) {
    return std::nullopt;
  }
  return sized || text == "test" ? std::optional(capture) : std::nullopt;
}

std::vector<worker::Rung> default_renditions() {
  return {{.name = "1080p", .height = 1080, .bitrate = 4'500'000},
          {.name = "720p", .height = 720, .bitrate = 2'200'000},
          {.name = "480p", .height = 480, .bitrate = 900'000},
          {.name = "240p", .height = 240, .bitrate = 400'000},
          {.name = "sound", .bitrate = 64'000}};
}

}  // namespace butai::app
