#include "access/publish_keys.h"

#include <soci/soci.h>
#include <sodium.h>

#include <array>
#include <utility>

#include "access/limits.h"
#include "access/mac.h"
#include "store/session.h"

namespace butai::access {
namespace {

constexpr std::string_view kPrefix = "sk_";
constexpr std::size_t kIdBytes = 6;  // 8 characters

KeyFault fault_of(store::Failure failure) {
  return failure == store::Failure::Busy ? KeyFault::Busy : KeyFault::Broken;
}

// Random words need no slow hash.
std::string hash_of(std::string_view text) {
  Key32 hash;
  const ByteView bytes = as_bytes(text);
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return base64url(hash);
}

template <std::size_t N>
std::string random_text(Random& random) {
  std::array<std::uint8_t, N> bytes;
  random.fill(bytes);
  return base64url(bytes);
}

PublishKey key_of(const soci::row& row) {
  return {row.get<std::string>(0), row.get<std::string>(1), utc_of(row.get<long long>(2))};
}

std::optional<PublishKey> find_by(store::Session& sql, const char* condition,
                                  const std::string& first, const std::string& second) {
  soci::row row;
  sql << "SELECT id, channel, created_at FROM publish_key WHERE " << condition, soci::into(row),
      soci::use(first), soci::use(second);
  if (!sql.got_data()) return std::nullopt;
  return key_of(row);
}

}  // namespace

std::string_view sentence(KeyFault fault) {
  switch (fault) {
    case KeyFault::Busy:
      return "The server is busy. Try again in a moment.";
    case KeyFault::Broken:
      return "The stream keys could not be read. The log of the server says why.";
    case KeyFault::TooMany:
      return "This channel has 64 stream keys already. Revoke one first.";
  }
  return "";
}

template <class T>
void PublishKeys::run(Executor& home, std::move_only_function<T(store::Session&)> work,
                      Done<T> done) {
  database_.run<T>(home, std::move(work),
                   [done = std::move(done)](std::expected<T, store::Failure> result) mutable {
                     if (!result) return done(std::unexpected(fault_of(result.error())));
                     done(std::move(*result));
                   });
}

void PublishKeys::make(const std::string& channel, Executor& home, Done<Made> done) {
  Made made{{random_text<kIdBytes>(random_), channel, clock_.utc()},
            std::string(kPrefix) + random_text<kPublishKeySecretBytes>(random_)};
  const std::string hash = hash_of(made.text);
  const PublishKey key = made.key;  // `made` is moved on in the same call
  run<bool>(
      home,
      [key, hash](store::Session& sql) {
        int count = 0;
        sql << "SELECT COUNT(*) FROM publish_key WHERE channel = :channel", soci::into(count),
            soci::use(key.channel);
        if (static_cast<std::size_t>(count) >= kPublishKeysMax) return false;
        const long long created = micros_of(key.created);
        sql << "INSERT INTO publish_key (id, channel, hash, created_at)"
               " VALUES (:id, :channel, :hash, :created)",
            soci::use(key.id), soci::use(key.channel), soci::use(hash), soci::use(created);
        return true;
      },
      [made = std::move(made),
       done = std::move(done)](std::expected<bool, KeyFault> inserted) mutable {
        if (!inserted) return done(std::unexpected(inserted.error()));
        if (!*inserted) return done(std::unexpected(KeyFault::TooMany));
        done(std::move(made));
      });
}

void PublishKeys::list(const std::string& channel, Executor& home,
                       Done<std::vector<PublishKey>> done) {
  run<std::vector<PublishKey>>(
      home,
      [channel](store::Session& sql) {
        std::vector<PublishKey> keys;
        const soci::rowset<soci::row> rows =
            (sql.prepare << "SELECT id, channel, created_at FROM publish_key"
                            " WHERE channel = :channel ORDER BY created_at",
             soci::use(channel));
        for (const soci::row& row : rows) keys.push_back(key_of(row));
        return keys;
      },
      std::move(done));
}

void PublishKeys::revoke(const std::string& channel, const std::string& id, Executor& home,
                         Done<std::optional<PublishKey>> done) {
  run<std::optional<PublishKey>>(
      home,
      [channel, id](store::Session& sql) {
        auto key = find_by(sql, "channel = :channel AND id = :id", channel, id);
        if (key) {
          sql << "DELETE FROM publish_key WHERE channel = :channel AND id = :id",
              soci::use(channel), soci::use(id);
        }
        return key;
      },
      std::move(done));
}

void PublishKeys::find(std::string_view text, Executor& home,
                       Done<std::optional<PublishKey>> done) {
  if (!text.starts_with(kPrefix) || text.size() > kPublishKeyBytesMax) {
    return home.post([done = std::move(done)]() mutable { done(std::optional<PublishKey>{}); });
  }
  run<std::optional<PublishKey>>(
      home,
      [hash = hash_of(text)](store::Session& sql) {
        return find_by(sql, "hash = :hash AND hash = :again", hash, hash);
      },
      std::move(done));
}

}  // namespace butai::access
