#include "keys/vault.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <utility>

#include "drm/text.h"
#include "store/session.h"

namespace butai::keys {
namespace {

std::string name_of(Maker maker) { return maker == Maker::BuiltIn ? "built-in" : "service"; }

// What is authenticated with a wrapped key.
std::string wrapped_name(const std::string& channel, const std::string& kid) {
  return fmt::format("{} {}", channel, kid);
}

struct Row {
  std::string kid, channel, maker, wrapped;
};

std::vector<Row> read_rows(store::Session& sql) {
  std::vector<Row> rows;
  const soci::rowset<soci::row> found =
      (sql.prepare << "SELECT kid, channel, maker, wrapped FROM content_key"
                      " ORDER BY created_at DESC, kid");
  for (const soci::row& row : found) {
    rows.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                    row.get<std::string>(3)});
  }
  return rows;
}

Problem problem_of(store::Failure failure) { return {std::string(sentence(failure))}; }

}  // namespace

Vault::Vault(store::Database& database, const MasterKey& master, const Clock& clock, Random& random)
    : database_(database), master_(master), clock_(clock), random_(random) {}

Expected<std::size_t> Vault::open() {
  auto rows = database_.run_and_wait<std::vector<Row>>(read_rows);
  if (!rows) return std::unexpected(problem_of(rows.error()));
  if (rows->size() > kKeysHeld) rows->resize(kKeysHeld);  // the newest
  std::size_t closed = 0;
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    const auto key = master_.unwrap(row->wrapped, wrapped_name(row->channel, row->kid));
    const auto kid = drm::from_uuid(row->kid);
    if (!key || !kid) {
      ++closed;
      continue;
    }
    hold(*kid, {row->channel, *key,
                row->maker == name_of(Maker::BuiltIn) ? Maker::BuiltIn : Maker::Service});
  }
  return closed;
}

void Vault::begin(const std::string& channel, media::Scheme scheme, Executor& home,
                  std::move_only_function<void(Expected<std::uint64_t>)> done) {
  const std::string scheme_name = media::four_characters(scheme);
  const long long now = micros_of(clock_.utc());
  database_.run<long long>(
      store::Lane::House, home,
      [channel, scheme_name, now](store::Session& sql) {
        long long next = 0;
        sql << "SELECT COALESCE(MAX(number), 0) + 1 FROM key_period WHERE channel = :channel",
            soci::use(channel), soci::into(next);
        sql << "INSERT INTO key_period (channel, number, scheme, created_at)"
               " VALUES (:channel, :number, :scheme, :now)",
            soci::use(channel), soci::use(next), soci::use(scheme_name), soci::use(now);
        return next;
      },
      [done = std::move(done)](std::expected<long long, store::Failure> next) mutable {
        if (!next) return done(std::unexpected(problem_of(next.error())));
        done(static_cast<std::uint64_t>(*next));
      });
}

void Vault::keep(drm::KeyPeriodPtr period, Maker maker, Executor& home,
                 std::move_only_function<void(Expected<void>)> done) {
  struct Wrapped {
    std::string kid, use, iv, key;
  };
  std::vector<Wrapped> rows;
  for (const drm::ContentKey& key : period->keys) {
    const std::string kid = drm::to_uuid(key.kid);
    rows.push_back({kid, std::string(drm::name_of(key.use)), drm::to_hex(key.constant_iv),
                    master_.wrap(key.key, wrapped_name(period->channel, kid), random_)});
  }
  const long long now = micros_of(clock_.utc());
  database_.run<bool>(
      store::Lane::House, home,
      [rows = std::move(rows), channel = period->channel,
       number = static_cast<long long>(period->index), maker_name = name_of(maker),
       master = master_.id(), now](store::Session& sql) {
        for (const Wrapped& row : rows) {
          sql << "INSERT INTO content_key"
                 " (kid, channel, period, track_use, maker, iv, wrapped, master, created_at) VALUES"
                 " (:kid, :channel, :period, :use, :maker, :iv, :wrapped, :master, :now)",
              soci::use(row.kid), soci::use(channel), soci::use(number), soci::use(row.use),
              soci::use(maker_name), soci::use(row.iv), soci::use(row.key), soci::use(master),
              soci::use(now);
        }
        return true;
      },
      [this, period, maker,
       done = std::move(done)](std::expected<bool, store::Failure> kept) mutable {
        if (!kept) return done(std::unexpected(problem_of(kept.error())));
        hold(*period, maker);
        done({});
      });
}

std::optional<HeldKey> Vault::find(const media::KeyId& kid) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(kid);
  if (found == held_.end()) return std::nullopt;
  return found->second;
}

std::vector<media::KeyId> Vault::newest_kids(const std::string& channel, std::size_t count) const {
  std::vector<media::KeyId> kids;
  const std::lock_guard lock(mutex_);
  for (auto kid = oldest_first_.rbegin(); kid != oldest_first_.rend() && kids.size() < count;
       ++kid) {
    if (held_.at(*kid).channel == channel) kids.push_back(*kid);
  }
  return kids;
}

void Vault::hold(const media::KeyId& kid, HeldKey key) {
  const std::lock_guard lock(mutex_);
  if (!held_.insert_or_assign(kid, std::move(key)).second) return;
  oldest_first_.push_back(kid);
  if (oldest_first_.size() <= kKeysHeld) return;
  held_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

void Vault::hold(const drm::KeyPeriod& period, Maker maker) {
  {
    const std::lock_guard lock(mutex_);
    const auto gone = destroyed_.find(period.channel);
    if (gone != destroyed_.end() && period.index <= gone->second) return;
  }
  for (const drm::ContentKey& key : period.keys) {
    hold(key.kid, {period.channel, key.key, maker});
  }
}

std::vector<Vault::Destroyed> Vault::destroy(store::Session& sql, const std::string& channel) {
  std::vector<Destroyed> gone;
  const soci::rowset<soci::row> found =
      (sql.prepare << "SELECT kid, maker FROM content_key WHERE channel = :channel"
                      " ORDER BY period, track_use",
       soci::use(channel));
  for (const soci::row& row : found) {
    gone.push_back({row.get<std::string>(0), row.get<std::string>(1) == name_of(Maker::BuiltIn)
                                                 ? Maker::BuiltIn
                                                 : Maker::Service});
  }
  sql << "DELETE FROM content_key WHERE channel = :channel", soci::use(channel);
  long long newest = 0;
  sql << "SELECT COALESCE(MAX(number), 0) FROM key_period WHERE channel = :channel",
      soci::use(channel), soci::into(newest);
  const std::lock_guard lock(mutex_);
  destroyed_[channel] = static_cast<std::uint64_t>(newest);
  return gone;
}

void Vault::forget(const std::string& channel) {
  const std::lock_guard lock(mutex_);
  std::erase_if(oldest_first_, [&](const media::KeyId& kid) {
    const auto found = held_.find(kid);
    if (found == held_.end() || found->second.channel != channel) return false;
    held_.erase(found);
    return true;
  });
}

Expected<std::vector<ListedPeriod>> Vault::list() {
  auto listed = database_.run_and_wait<std::vector<ListedPeriod>>([](store::Session& sql) {
    std::vector<ListedPeriod> periods;
    const soci::rowset<soci::row> found =
        (sql.prepare << "SELECT p.channel, p.number, p.scheme, p.created_at, k.track_use, k.kid"
                        " FROM key_period p JOIN content_key k"
                        " ON k.channel = p.channel AND k.period = p.number"
                        " ORDER BY p.channel, p.number, k.track_use");
    for (const soci::row& row : found) {
      const auto channel = row.get<std::string>(0);
      const auto index = static_cast<std::uint64_t>(row.get<long long>(1));
      if (periods.empty() || periods.back().channel != channel || periods.back().index != index) {
        periods.push_back(
            {channel, index, row.get<std::string>(2), utc_of(row.get<long long>(3)), {}});
      }
      periods.back().kids.emplace_back(row.get<std::string>(4), row.get<std::string>(5));
    }
    return periods;
  });
  if (!listed) return std::unexpected(problem_of(listed.error()));
  return std::move(*listed);
}

Expected<drm::KeyPeriod> Vault::newest(const std::string& channel) {
  struct Kept {
    std::string use, kid, iv, wrapped, scheme;
    long long number = 0;
  };
  const auto rows = database_.run_and_wait<std::vector<Kept>>([&channel](store::Session& sql) {
    std::vector<Kept> kept;
    const soci::rowset<soci::row> found =
        (sql.prepare << "SELECT k.track_use, k.kid, k.iv, k.wrapped, p.scheme, p.number"
                        " FROM key_period p JOIN content_key k"
                        " ON k.channel = p.channel AND k.period = p.number"
                        " WHERE p.channel = :channel AND p.number ="
                        " (SELECT MAX(period) FROM content_key WHERE channel = :same)"
                        " ORDER BY k.track_use",
         soci::use(channel), soci::use(channel));
    for (const soci::row& row : found) {
      kept.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                      row.get<std::string>(3), row.get<std::string>(4), row.get<long long>(5)});
    }
    return kept;
  });
  if (!rows) return std::unexpected(problem_of(rows.error()));
  if (rows->empty()) return problem(fmt::format("channel {} never had keys", channel));
  drm::KeyPeriod period;
  period.channel = channel;
  period.index = static_cast<std::uint64_t>(rows->front().number);
  period.scheme = rows->front().scheme == media::four_characters(media::Scheme::Cenc)
                      ? media::Scheme::Cenc
                      : media::Scheme::Cbcs;
  for (const Kept& row : *rows) {
    const auto kid = drm::from_uuid(row.kid);
    const auto iv = drm::from_uuid(row.iv);  // 32 hexadecimal digits as well
    const auto key = master_.unwrap(row.wrapped, wrapped_name(channel, row.kid));
    const auto use = std::ranges::find(drm::kTrackUses, row.use, drm::name_of);
    if (!key || !kid || !iv || use == drm::kTrackUses.end()) {
      return problem(fmt::format("key {} was not wrapped by this master key", row.kid));
    }
    period.keys.push_back({*use, *kid, *key, *iv, nullptr, {}});
  }
  return period;
}

Expected<std::size_t> Vault::rewrap(const MasterKey& next) {
  std::string unopened;  // of the first row that cannot be opened
  const auto done =
      database_.run_and_wait<std::size_t>([this, &next, &unopened](store::Session& sql) {
        const std::string id = next.id();
        std::vector<Row> rows = read_rows(sql);
        for (Row& row : rows) {
          const std::string name = wrapped_name(row.channel, row.kid);
          const auto key = master_.unwrap(row.wrapped, name);
          if (!key) {
            unopened = row.kid;
            throw std::runtime_error("a key cannot be opened");  // rolls back; all or nothing
          }
          row.wrapped = next.wrap(*key, name, random_);
          sql << "UPDATE content_key SET wrapped = :wrapped, master = :master WHERE kid = :kid",
              soci::use(row.wrapped), soci::use(id), soci::use(row.kid);
        }
        return rows.size();
      });
  if (!unopened.empty()) {
    return problem(
        fmt::format("key {} was not wrapped by this master key; nothing was changed", unopened));
  }
  if (!done) return std::unexpected(problem_of(done.error()));
  master_ = next;
  return *done;
}

}  // namespace butai::keys
