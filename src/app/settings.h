// The table of all settings: name, what it expects, how it is read.
// Thread: any; constant after start.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/config.h"

namespace butai::app {

struct Setting {
  std::string_view section;  // "server"
  std::string_view name;     // "listen"
  std::string_view expects;  // for people: "an address and port, e.g. 0.0.0.0:8080"
  // Takes the value as text; false: it is not what is expected.
  std::function<bool(Config&, const std::string&)> set;
};
std::span<const Setting> settings();

// Those that [[channel]] may also set for one name.
struct ChannelSetting {
  std::string_view name;
  std::string_view expects;
  std::function<bool(ChannelConfig&, const std::string&)> set;
};
std::span<const ChannelSetting> channel_settings();

// Those of a [[rendition]].
struct RenditionSetting {
  std::string_view name;
  std::string_view expects;
  std::function<bool(worker::Rung&, const std::string&)> set;
};
std::span<const RenditionSetting> rendition_settings();

// Those of an [[oidc]].
struct SignInSetting {
  std::string_view name;
  std::string_view expects;
  std::function<bool(access::oidc::Settings&, const std::string&)> set;
};
std::span<const SignInSetting> sign_in_settings();
std::vector<worker::Rung> default_renditions();
// "test", "test:1920x1080" or "file:PATH"; nothing: it is none of them.
std::optional<worker::Capture> parse_input(const std::string& text);

}  // namespace butai::app
