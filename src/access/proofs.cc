#include "access/proofs.h"

#include <array>

#include "access/sealed.h"

namespace butai::access {
namespace {

std::string_view name_of(Proofs::Use use) {
  return use == Proofs::Use::Verify ? "verify" : "reset";
}

}  // namespace

std::string Proofs::write(store::Sql& sql, Use use, std::string_view account,
                          std::string_view address, Utc until) {
  std::array<std::uint8_t, 16> bytes;
  random_.fill(bytes);
  const std::string id = base64url(bytes);
  sql.run("INSERT INTO proof (id, used_for, account, address, expires_at) VALUES (?, ?, ?, ?, ?)",
          {id, name_of(use), account, address, micros_of(until)});
  return id;
}

std::string Proofs::sealed(std::string_view id) const {
  const auto bytes = from_base64url(id);
  return bytes ? seal(key_, *bytes) : "";
}

std::optional<Proofs::Proof> Proofs::take(store::Sql& sql, Use use, std::string_view sealed,
                                          Utc now) const {
  constexpr std::size_t kSealedBytes = 43;  // 32 bytes in base64url
  if (sealed.size() != kSealedBytes) return std::nullopt;
  const auto bytes = unseal(key_, sealed);
  if (!bytes) return std::nullopt;
  const std::string id = base64url(*bytes);
  sql.run("DELETE FROM proof WHERE expires_at <= ?", {micros_of(now)});
  const auto row = sql.row("SELECT account, address FROM proof WHERE id = ? AND used_for = ?",
                           {id, name_of(use)});
  // Of two who come at once one deletes it.
  if (!row || sql.run("DELETE FROM proof WHERE id = ?", {id}) == 0) return std::nullopt;
  return Proof{row->text(0), row->text(1)};
}

void Proofs::drop(store::Sql& sql, std::string_view account) {
  sql.run("DELETE FROM proof WHERE account = ?", {account});
}

}  // namespace butai::access
