#include "access/oidc/state.h"

#include <sodium.h>

#include "access/oidc/limits.h"
#include "access/oidc/own_path.h"
#include "access/sealed.h"

namespace butai::access::oidc {
namespace {

std::string random_word(Random& random) {
  std::array<std::uint8_t, 32> bytes;
  random.fill(bytes);
  return base64url(bytes);
}

void write_text(RecordWriter& record, std::string_view text) {
  record.number(text.size(), 2);
  record.bytes(as_bytes(text));
}

std::string read_text(RecordReader& record) {
  return std::string(as_text(record.take(record.number(2))));
}

StateId read_id(RecordReader& record) {
  StateId id{};
  const ByteView bytes = record.take(id.size());
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

}  // namespace

StateSeal::Begun StateSeal::begin(std::string_view provider, std::string_view return_to,
                                  std::string_view account, int tries, Utc now) {
  Begun begun;
  random_.fill(begun.state.id);
  begun.state.expires = now + kSignInLife;
  begun.state.tries = tries;
  begun.state.return_to = return_to;
  begun.memory = {begun.state.id, std::string(provider), random_word(random_), random_word(random_),
                  std::string(account)};
  return begun;
}

std::string StateSeal::seal(const State& state) const {
  RecordWriter record;
  record.bytes(state.id);
  record.number(static_cast<std::uint64_t>(micros_of(state.expires)), 8);
  record.number(static_cast<std::uint64_t>(state.tries), 1);
  record.bytes(as_bytes(state.return_to));
  return access::seal(state_key_, record.record());
}

std::optional<State> StateSeal::open_state(std::string_view text, Utc now) const {
  if (text.size() > kStateBytesMax) return std::nullopt;
  const auto record = unseal(state_key_, text);
  if (!record) return std::nullopt;
  RecordReader reader(*record);
  State state;
  state.id = read_id(reader);
  state.expires = utc_of(static_cast<std::int64_t>(reader.number(8)));
  state.tries = static_cast<int>(reader.number(1));
  state.return_to = as_text(reader.rest());
  if (!reader.good() || state.expires <= now || !is_own_path(state.return_to)) return std::nullopt;
  return state;
}

std::string StateSeal::lock(const Memory& memory) {
  RecordWriter record;
  record.bytes(memory.id);
  for (const std::string* text :
       {&memory.provider, &memory.nonce, &memory.verifier, &memory.account}) {
    write_text(record, *text);
  }
  return encrypted(memory_key_, record.record(), random_);
}

std::optional<Memory> StateSeal::open_memory(std::string_view text) const {
  if (text.size() > kStateBytesMax) return std::nullopt;
  const auto record = decrypted(memory_key_, text);
  if (!record) return std::nullopt;
  RecordReader reader(*record);
  Memory memory;
  memory.id = read_id(reader);
  for (std::string* text_field :
       {&memory.provider, &memory.nonce, &memory.verifier, &memory.account}) {
    *text_field = read_text(reader);
  }
  if (!reader.good()) return std::nullopt;
  return memory;
}

std::string code_challenge(std::string_view verifier) {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256(hash.data(), as_bytes(verifier).data(), verifier.size());
  return base64url(hash);
}

}  // namespace butai::access::oidc
