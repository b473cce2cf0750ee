#include "store/disk.h"

#include <fmt/format.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace butai::store {
namespace {

// linux/magic.h; cifs and smb3 by fs/smb/common/smb2pdu.h.
constexpr std::array<std::pair<std::uint64_t, std::string_view>, 7> kUnfit{{
    {0x794c7630, "an overlay of a container"},
    {0x01021994, "memory (tmpfs)"},
    {0x858458f6, "memory (ramfs)"},
    {0x6969, "an NFS share"},
    {0xff534d42, "an SMB share (cifs)"},
    {0xfe534d42, "an SMB share (smb3)"},
    {0x517b, "an SMB share (smbfs)"},
}};

}  // namespace

FileSystemOf file_system_of_this_machine() {
  return [](const std::string& path) -> std::optional<std::uint64_t> {
    struct statfs found{};
    if (statfs(path.c_str(), &found) != 0) return std::nullopt;
    return static_cast<std::uint32_t>(found.f_type);
  };
}

std::string_view unfit_for_money(std::uint64_t file_system) {
  const auto found = std::ranges::find(kUnfit, file_system, &decltype(kUnfit)::value_type::first);
  return found == kUnfit.end() ? std::string_view{} : found->second;
}

Expected<void> live_money_may_live_at(const DatabaseOptions& database, Money money,
                                      const FileSystemOf& file_system_of) {
  if (money == Money::Test || !database.url.empty()) return {};
  const std::string folder = std::filesystem::path(database.path).parent_path().string();
  const auto file_system = file_system_of(folder.empty() ? "." : folder);
  if (!file_system) return problem(fmt::format("the disk under {} cannot be asked", folder));
  const std::string_view what = unfit_for_money(*file_system);
  if (what.empty()) return {};
  return problem(fmt::format(
      "the keys of the payment provider are live, but {} is on {}: what people paid for "
      "would be lost with it. Set [store] url to a PostgreSQL server, put --data on a "
      "disk of its own, or use test keys",
      database.path, what));
}

}  // namespace butai::store
