// butai keys: what is in the vault, and another master key for it. Keys themselves are never shown;
// export-cpix alone writes them, into a file that nobody else may read.
#include <fmt/format.h>

#include <iostream>

#include "app/commands.h"
#include "app/config.h"
#include "app/fail.h"
#include "base/random.h"
#include "keys/speke_document.h"
#include "keys/vault.h"
#include "package/listing.h"
#include "store/database.h"
#include "store/files.h"

namespace butai::app {
namespace {

// The vault of an installation, with what it stands on.
struct Opened {
  std::unique_ptr<store::Database> database;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<keys::Vault> vault;
};

Expected<std::unique_ptr<Opened>> open_vault(const Place& place) {
  auto config = load_config(place.config, environment_of_this_process());
  if (!config) return std::unexpected(config.error());
  const std::string data = place.data.empty() ? "data" : place.data;
  if (auto made = store::prepare_folder(data); !made) return std::unexpected(made.error());
  auto opened = std::make_unique<Opened>();
  auto database = store::Database::open(config->database(data));
  if (!database) return std::unexpected(database.error());
  opened->database = std::move(*database);
  auto master = keys::load_master_key(
      {.text = config->drm.master_key, .file = config->drm.master_key_file, .data_folder = data},
      opened->random);
  if (!master) return std::unexpected(master.error());
  opened->vault = std::make_unique<keys::Vault>(*opened->database, std::move(*master),
                                                opened->clock, opened->random);
  return opened;
}

}  // namespace

int keys_list(const KeysOptions& options) {
  auto opened = open_vault(options.place);
  if (!opened) return fail(opened.error().sentence);
  const auto periods = (*opened)->vault->list();
  if (!periods) return fail(periods.error().sentence);
  for (const keys::ListedPeriod& period : *periods) {
    fmt::print("{:<24} {:>6} {} {}\n", period.channel, period.index, period.scheme,
               package::iso_time(period.created));
    for (const auto& [use, kid] : period.kids) fmt::print("  {:<6} {}\n", use, kid);
  }
  return 0;
}

int keys_rewrap(const KeysOptions& options) {
  SystemRandom random;
  auto next = keys::load_master_key(
      {.text = "", .file = options.next_master_file, .data_folder = ""}, random);
  if (!next) return fail(next.error().sentence);
  auto opened = open_vault(options.place);
  if (!opened) return fail(opened.error().sentence);
  const auto count = (*opened)->vault->rewrap(*next);
  if (!count) return fail(count.error().sentence);
  fmt::print("{} keys are wrapped by the new master key; configure it before the next start\n",
             *count);
  return 0;
}

int keys_export(const KeysOptions& options) {
  auto opened = open_vault(options.place);
  if (!opened) return fail(opened.error().sentence);
  const auto period = (*opened)->vault->newest(options.channel);
  if (!period) return fail(period.error().sentence);
  const auto cpix = keys::exported_keys(*period, options.channel);
  const auto written = store::create_file(options.out, as_bytes(drm::write_cpix(cpix)));
  if (!written) return fail(written.error().sentence);
  if (*written == store::Created::AlreadyThere) {
    return fail(fmt::format("{} is there already; name a new file", options.out));
  }
  fmt::print("{}: {} keys of period {} in clear; whoever has this file can decrypt\n", options.out,
             period->keys.size(), period->index);
  return 0;
}

}  // namespace butai::app
