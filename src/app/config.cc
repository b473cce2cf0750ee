#include "app/config.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>

#include "access/oidc/limits.h"
#include "app/settings.h"
#include "base/name.h"

namespace butai::app {
namespace {

constexpr std::string_view kDefaultFile = "config/butai.toml";

std::unexpected<Problem> at(const std::string& file, const toml::source_region& where,
                            std::string_view sentence) {
  return problem(fmt::format("{}, line {}: {}", file, where.begin.line, sentence));
}

// A TOML value as the text the settings table reads; nothing for tables.
std::optional<std::string> as_setting_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  const auto* list = node.as_array();
  if (list == nullptr) return std::nullopt;
  std::string joined;
  for (const toml::node& item : *list) {
    const auto text = as_setting_text(item);
    if (!text) return std::nullopt;
    joined += joined.empty() ? *text : "," + *text;
  }
  return joined;
}

// The name that differs least, for "did you mean".
template <class Names>
std::string nearest(std::string_view wrong, const Names& names) {
  const auto distance = [&](std::string_view name) {
    std::vector<std::size_t> row(name.size() + 1);
    for (std::size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= wrong.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= name.size(); ++j) {
        const std::size_t change = diagonal + (wrong[i - 1] == name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
      }
    }
    return row.back();
  };
  const auto best = std::ranges::min_element(names, {}, distance);
  if (best == names.end() || distance(*best) > 3) return {};
  return fmt::format("; did you mean {}?", *best);
}

// Every key of `table` but those in `beside` into `target`, by `table_of`; `where` is "[[channel]]".
template <class Settings, class Target>
Expected<void> read_keys(const std::string& file, std::string_view where, const toml::table& table,
                         const Settings& settings, std::vector<std::string_view> beside,
                         Target& target) {
  for (const auto& [key, node] : table) {
    if (std::ranges::find(beside, key.str()) != beside.end()) continue;
    std::vector<std::string_view> names = beside;
    for (const auto& setting : settings) names.push_back(setting.name);
    const auto found = std::ranges::find_if(
        settings, [name = key.str()](const auto& setting) { return setting.name == name; });
    if (found == settings.end()) {
      return at(file, key.source(),
                fmt::format("{} has no setting {}{}", where, key.str(), nearest(key.str(), names)));
    }
    const auto text = as_setting_text(node);
    if (!text || !found->set(target, *text)) {
      return at(file, node.source(),
                fmt::format("{} {} must be {}", where, key.str(), found->expects));
    }
  }
  return {};
}

bool has_section(std::string_view name) {
  return std::ranges::any_of(settings(),
                             [name](const Setting& setting) { return setting.section == name; });
}

// With the sections inside it, such as [drm.speke].
Expected<void> read_section(Config& config, const std::string& file, std::string_view section,
                            const toml::table& table) {
  std::vector<std::string_view> inside;
  for (const auto& [key, node] : table) {
    const std::string inner = fmt::format("{}.{}", section, key.str());
    if (!node.is_table() || !has_section(inner)) continue;
    if (auto read = read_section(config, file, inner, *node.as_table()); !read) return read;
    inside.push_back(key.str());
  }
  std::vector<Setting> own;
  std::ranges::copy_if(settings(), std::back_inserter(own),
                       [section](const Setting& setting) { return setting.section == section; });
  return read_keys(file, fmt::format("[{}]", section), table, own, std::move(inside), config);
}

Expected<void> read_channel(Config& config, const std::string& file, const toml::table& table) {
  const auto name = table["name"].value<std::string>();
  if (!name || !is_name(*name)) {
    return at(file, table.source(),
              "[[channel]] needs name = \"…\" of 1 to 64 letters, digits, _ and -");
  }
  if (config.channels.contains(*name)) {
    return at(file, table.source(),
              fmt::format("[[channel]] {} stands here twice; keep one of them", *name));
  }
  ChannelConfig channel = config.channel_defaults;
  if (const toml::node* like = table.get("like")) {
    const auto other = like->value<std::string>();
    const auto found = other ? config.channels.find(*other) : config.channels.end();
    if (found == config.channels.end()) {
      return at(file, like->source(),
                "[[channel]] like must name a [[channel]] that stands above it");
    }
    channel = found->second;
    channel.like = *other;
  }
  channel.name = *name;
  if (const toml::node* node = table.get("input")) {
    channel.input = parse_input(node->value<std::string>().value_or(""));
    if (!channel.input) {
      return at(file, node->source(),
                "[[channel]] input must be \"test\", \"test:1920x1080\" or \"file:PATH\"");
    }
  }
  if (auto read = read_keys(file, "[[channel]]", table, channel_settings(),
                            {"name", "like", "input"}, channel);
      !read) {
    return read;
  }
  config.channels[*name] = std::move(channel);
  return {};
}

// What the source's own tracks and cues are called, and all renditions together.
bool reserved(std::string_view name) {
  return name == "video" || name == "audio" || name == "audio-2" || name == "default" ||
         name.starts_with("captions-");
}

Expected<void> read_rendition(Config& config, const std::string& file, const toml::table& table) {
  worker::Rung rung;
  const auto name = table["name"].value<std::string>();
  if (!name || !is_name(*name) || reserved(*name)) {
    return at(
        file, table.source(),
        "[[rendition]] needs name = \"…\" of 1 to 64 letters, digits, _ and -, and not video, "
        "audio, audio-2, default or captions-…");
  }
  if (std::ranges::find(config.renditions, *name, &worker::Rung::name) != config.renditions.end()) {
    return at(file, table.source(),
              fmt::format("[[rendition]] {} stands here twice; keep one of them", *name));
  }
  rung.name = *name;
  if (auto read = read_keys(file, "[[rendition]]", table, rendition_settings(), {"name"}, rung);
      !read) {
    return read;
  }
  const bool picture = rung.height > 0;
  if (picture ? !table.contains("bitrate") || table.contains("audio") : !table.contains("audio")) {
    return at(file, table.source(),
              "[[rendition]] needs size and bitrate for a picture, or audio for sound alone");
  }
  config.renditions.push_back(std::move(rung));
  return {};
}

Expected<void> read_sign_in(Config& config, const std::string& file, const toml::table& table) {
  access::oidc::Settings one;
  const auto name = table["name"].value<std::string>();
  if (!name || !is_name(*name)) {
    return at(file, table.source(),
              "[[oidc]] needs name = \"…\" of 1 to 64 letters, digits, _ and -");
  }
  if (std::ranges::find(config.sign_ins, *name, &access::oidc::Settings::name) !=
      config.sign_ins.end()) {
    return at(file, table.source(),
              fmt::format("[[oidc]] {} stands here twice; keep one of them", *name));
  }
  one.name = one.label = *name;
  if (auto read = read_keys(file, "[[oidc]]", table, sign_in_settings(), {"name"}, one); !read) {
    return read;
  }
  if (one.issuer.empty() || one.client_id.empty()) {
    return at(file, table.source(), "[[oidc]] needs issuer and client_id");
  }
  if (config.sign_ins.size() >= access::oidc::kProvidersMax) {
    return at(file, table.source(), "there are more than 16 [[oidc]]; keep the ones people use");
  }
  config.sign_ins.push_back(std::move(one));
  return {};
}

// Lists of tables, such as [[channel]], each read by `read`.
Expected<void> read_list(Config& config, const std::string& file, const toml::table& root,
                         std::string_view name,
                         Expected<void> (*read)(Config&, const std::string&, const toml::table&)) {
  const toml::node* list = root.get(name);
  if (list == nullptr) return {};
  if (list->as_array() == nullptr) {
    return at(file, list->source(), fmt::format("write [[{}]], with two brackets", name));
  }
  for (const toml::node& node : *list->as_array()) {
    if (!node.is_table()) {
      return at(file, node.source(), fmt::format("write [[{}]], then name = \"…\"", name));
    }
    if (auto done = read(config, file, *node.as_table()); !done) return done;
  }
  return {};
}

// Every name in a ladder is one of the renditions', and two programmes have a language each.
Expected<void> check_channels(const Config& config, const std::string& file) {
  const auto check = [&](const ChannelConfig& channel) -> Expected<void> {
    if (channel.dual_mono == media::DualMono::Both && channel.sounds.size() < 2) {
      return problem(
          fmt::format("{}: dual_mono = \"both\" makes two sounds; say their languages, e.g. "
                      "sounds = [\"ja\", \"en\"]",
                      file));
    }
    for (const std::string& name : channel.ladder) {
      const bool known =
          name == "default" || std::ranges::find(config.renditions, name, &worker::Rung::name) !=
                                   config.renditions.end();
      if (known) continue;
      return problem(
          fmt::format("{}: a ladder names {}, which is no [[rendition]]; write one, or "
                      "\"default\"",
                      file, name));
    }
    return {};
  };
  if (auto good = check(config.channel_defaults); !good) return good;
  for (const auto& [name, channel] : config.channels) {
    if (auto good = check(channel); !good) return good;
  }
  return {};
}

Expected<void> read_file(Config& config, const std::string& file) {
  toml::table root;
  try {
    root = toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    return at(file, error.source(),
              fmt::format("this is not TOML: {}; see config/butai.toml for the form",
                          error.description()));
  }
  for (const auto& [key, node] : root) {
    if (key.str() == "channel" || key.str() == "rendition" || key.str() == "oidc") continue;
    std::vector<std::string_view> sections;
    for (const Setting& setting : settings()) sections.push_back(setting.section);
    if (std::ranges::find(sections, key.str()) == sections.end() || !node.is_table()) {
      return at(file, key.source(),
                fmt::format("there is no section [{}]{}", key.str(), nearest(key.str(), sections)));
    }
    if (auto read = read_section(config, file, key.str(), *node.as_table()); !read) return read;
  }
  // After [channels], whatever their order in the file: they start from its values.
  if (auto read = read_list(config, file, root, "channel", read_channel); !read) return read;
  if (auto read = read_list(config, file, root, "oidc", read_sign_in); !read) return read;
  return read_list(config, file, root, "rendition", read_rendition);
}

// BUTAI_SECTION_OPTION
std::string environment_name(const Setting& setting) {
  std::string name = fmt::format("BUTAI_{}_{}", setting.section, setting.name);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return c == '.' ? '_' : std::toupper(c); });
  return name;
}

// BUTAI_OIDC_NAME_CLIENT_SECRET: a secret need not stand in a file.
std::string environment_name(const access::oidc::Settings& sign_in) {
  std::string name = fmt::format("BUTAI_OIDC_{}_CLIENT_SECRET", sign_in.name);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return c == '-' ? '_' : std::toupper(c); });
  return name;
}

Expected<void> read_sign_in_secrets(Config& config,
                                    const std::map<std::string, std::string>& environment) {
  for (access::oidc::Settings& one : config.sign_ins) {
    const std::string name = environment_name(one);
    if (const auto found = environment.find(name); found != environment.end()) {
      one.client_secret = found->second;
    }
    if (one.client_secret.empty()) {
      return problem(fmt::format("[[oidc]] {} needs client_secret, or the environment variable {}",
                                 one.name, name));
    }
  }
  return {};
}

Expected<void> read_environment(Config& config,
                                const std::map<std::string, std::string>& environment) {
  for (const Setting& setting : settings()) {
    const std::string name = environment_name(setting);
    const auto found = environment.find(name);
    if (found == environment.end()) continue;
    if (!setting.set(config, found->second)) {
      return problem(fmt::format("the environment variable {} must be {}", name, setting.expects));
    }
  }
  return {};
}

}  // namespace

const ChannelConfig& Config::channel(const std::string& name) const {
  const auto found = channels.find(name);
  return found == channels.end() ? channel_defaults : found->second;
}

std::optional<std::string> Config::test_channel_of(const std::string& channel) const {
  const auto found = std::ranges::find_if(channels, [&channel](const auto& each) {
    return each.second.input && each.second.like == channel;
  });
  return found == channels.end() ? std::nullopt : std::optional(found->first);
}

std::vector<worker::Rung> Config::ladder(const std::string& name) const {
  const std::vector<std::string>& wanted = channel(name).ladder;
  std::vector<worker::Rung> made;
  std::ranges::copy_if(renditions, std::back_inserter(made), [&wanted](const worker::Rung& rung) {
    return std::ranges::any_of(wanted, [&rung](const std::string& each) {
      return each == "default" || each == rung.name;
    });
  });
  return made;
}

std::optional<live::ChannelOptions> Config::channel_options(const std::string& name) const {
  const bool configured = name == "main" || channels.contains(name);
  if (!configured && !channels_auto) return std::nullopt;
  const ChannelConfig& channel = this->channel(name);
  return live::ChannelOptions{
      .name = name,
      .origin = configured ? live::Origin::Configured : live::Origin::Automatic,
      .latency = channel.latency,
      .linger = channel.linger,
      .protection = channel.protection,
      .key_rotation = channel.key_rotation,
      .captions = channel.captions,
      .dual_mono = channel.dual_mono,
      .sounds = channel.sounds};
}

Expected<Config> load_config(const std::string& file,
                             const std::map<std::string, std::string>& environment) {
  Config config;
  config.file = file;
  if (file.empty() && std::filesystem::exists(kDefaultFile)) config.file = kDefaultFile;
  if (!config.file.empty()) {
    if (!std::filesystem::exists(config.file)) {
      return problem(fmt::format("there is no configuration file {}; give its path with --config",
                                 config.file));
    }
    if (auto read = read_file(config, config.file); !read) return std::unexpected(read.error());
  }
  // Environment values count as [channels], so [[channel]] keeps what the file says.
  if (auto read = read_environment(config, environment); !read)
    return std::unexpected(read.error());
  if (auto read = read_sign_in_secrets(config, environment); !read) {
    return std::unexpected(read.error());
  }
  if (!config.mail.smtp.empty() && config.mail.from.empty()) {
    return problem("[mail] smtp needs [mail] from: the address that letters come from");
  }
  if (config.renditions.empty()) config.renditions = default_renditions();
  if (auto good = check_channels(config, config.file); !good) return std::unexpected(good.error());
  return config;
}

std::string unknown_environment(const std::map<std::string, std::string>& environment,
                                const Config& config) {
  std::vector<std::string> names{"BUTAI_TOKEN"};  // of the commands that take --token
  for (const auto& one : config.sign_ins) names.push_back(environment_name(one));
  for (const Setting& setting : settings()) names.push_back(environment_name(setting));
  std::string unknown;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("BUTAI_") || std::ranges::find(names, name) != names.end()) continue;
    unknown += (unknown.empty() ? "" : " ") + name + nearest(name, names);
  }
  return unknown;
}

std::map<std::string, std::string> environment_of_this_process() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

Expected<HostPort> parse_host_port(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return problem(fmt::format("{} has no :PORT", text));
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc{} || stop != end) return problem(fmt::format("{}: no port number", text));
  return HostPort{host.empty() ? "0.0.0.0" : host, port};
}

}  // namespace butai::app
