#include "ticketing/catalog/artwork.h"

#include <fmt/format.h>

#include "access/mac.h"
#include "ticketing/hash.h"
#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

constexpr std::string_view kFolder = "/artwork/";
constexpr std::size_t kHashCharacters = 32;  // 128 bits: nobody finds two pictures of one name

std::string name_of_file(const ArtworkFile& file) {
  const std::string_view ending = std::string_view(file.media_type).substr(sizeof("image/") - 1);
  return fmt::format("{}.{}", hex_sha256(file.bytes).substr(0, kHashCharacters), ending);
}

}  // namespace

Outcome<std::string> keep_artwork(Work& work, std::string_view event, const ArtworkFile& file) {
  if (file.bytes.size() > kArtworkBytesMax) return std::unexpected(Fault::BadRequest);
  work.next_change();
  const auto before = work.sql.row("SELECT artwork FROM event WHERE id = ?", {event});
  if (!before) return std::unexpected(Fault::NotFound);
  const std::string name = name_of_file(file);
  work.sql.run(
      "INSERT INTO artwork (name, media_type, bytes, created_at) VALUES (?, ?, ?, ?)"
      " ON CONFLICT (name) DO NOTHING",
      {name, file.media_type, access::base64url(as_bytes(file.bytes)), work.micros()});
  const std::string address = std::string(kFolder) + name;
  work.sql.run("UPDATE event SET artwork = ? WHERE id = ?", {address, event});
  const std::string old = before->text(0);
  if (old.starts_with(kFolder) &&
      work.sql.number("SELECT COUNT(*) FROM event WHERE artwork = ?", {old}) == 0) {
    work.sql.run("DELETE FROM artwork WHERE name = ?", {old.substr(kFolder.size())});
  }
  return address;
}

std::optional<ArtworkFile> find_artwork(Work& work, std::string_view name) {
  const auto row = work.sql.row("SELECT media_type, bytes FROM artwork WHERE name = ?", {name});
  if (!row) return std::nullopt;
  const auto bytes = access::from_base64url(row->text(1));
  if (!bytes) return std::nullopt;
  return ArtworkFile{row->text(0), {bytes->begin(), bytes->end()}};
}

}  // namespace butai::ticketing
