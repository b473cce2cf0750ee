#include "ticketing/catalog/destruction.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "ticketing/limits.h"
#include "ticketing/times.h"

namespace butai::ticketing {
namespace {

namespace json = boost::json;

constexpr std::string_view kWhat = "butai destruction 1";

bool plays_on(const Performance& performance, std::string_view channel) {
  return std::ranges::any_of(performance.channels,
                             [channel](const auto& one) { return one.name == channel; });
}

bool others_play_on(const Catalog& catalog, const Closing& closing, Utc now) {
  return std::ranges::any_of(catalog.events(), [&](const Event& event) {
    return std::ranges::any_of(event.performances, [&](const Performance& one) {
      return plays_on(one, closing.channel) && one.doors <= now && now < one.end + kAfterEnd &&
             std::ranges::find(closing.performances, one.id) == closing.performances.end();
    });
  });
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

json::object record_of(const Closing& closing, const Event& event, const Destroyed& what, Utc now) {
  json::array performances, keys, service_keys;
  for (const std::string& id : closing.performances) performances.emplace_back(id);
  for (const DestroyedKey& key : what.keys) (key.ours ? keys : service_keys).emplace_back(key.id);
  return {{"what", kWhat},
          {"event",
           {{"id", event.id},
            {"slug", event.slug},
            {"title", event.title.ja.empty() ? event.title.en : event.title.ja}}},
          {"channel", closing.channel},
          {"performances", std::move(performances)},
          {"ended", rfc3339(closing.end)},
          {"destroyed", rfc3339(now)},
          {"keys", std::move(keys)},
          {"service_keys", std::move(service_keys)},
          {"segments_in_memory", what.memory.segments},
          {"bytes_in_memory", what.memory.bytes},
          {"segments_on_disk", 0}};  // media is never written to one
}

Expected<std::string> verify(const json::object& one, std::string_view key) {
  const json::value* record = one.if_contains("record");
  if (record == nullptr || !record->is_object()) {
    return problem("there is no record in it; save it as GET …/destruction gave it");
  }
  const std::string named = text_of(one, "key");
  if (!key.empty() && named != key) {
    return problem(fmt::format("it was signed with the key {}, not with {}", named, key));
  }
  if (!access::RecordKey::verifies(named, json::serialize(*record), text_of(one, "signature"))) {
    return problem("it was changed: the signature is not of this record");
  }
  const json::object& said = record->as_object();
  if (text_of(said, "what") != kWhat) return problem("what was signed is no record of destruction");
  const json::value* keys = said.if_contains("keys");
  return fmt::format("good: {} was destroyed at {}, {} keys, signed with {}\n",
                     text_of(said, "channel"), text_of(said, "destroyed"),
                     keys != nullptr && keys->is_array() ? keys->as_array().size() : 0, named);
}

}  // namespace

std::vector<Closing> due_at(const Catalog& catalog, Utc now, Seconds grace) {
  std::vector<Closing> due;
  for (const Event& event : catalog.events()) {
    if (event.state == EventState::Draft) continue;  // nobody was promised anything
    std::map<std::string, Closing> by_channel;
    for (const Performance& one : event.performances) {
      for (const StageChannel& channel : one.channels) {
        Closing& closing = by_channel[channel.name];
        closing.end = std::max(closing.end, one.end);
        closing.performances.push_back(one.id);
      }
    }
    for (auto& [name, closing] : by_channel) {
      closing.event = event.id;
      closing.channel = name;
      if (closing.end + grace > now || others_play_on(catalog, closing, now)) continue;
      due.push_back(std::move(closing));
    }
  }
  return due;
}

bool has_record(Work& work, const Closing& closing) {
  return work.sql.number(
             "SELECT COUNT(*) FROM destruction WHERE event = ? AND channel = ? AND ended_at >= ?",
             {closing.event, closing.channel, micros_of(closing.end)}) > 0;
}

void keep_record(Work& work, const Closing& closing, const Event& event, const Destroyed& what,
                 const access::RecordKey& key) {
  const std::string record = json::serialize(record_of(closing, event, what, work.now));
  work.sql.run(
      "INSERT INTO destruction (event, channel, ended_at, record, signing_key, signature)"
      " VALUES (?, ?, ?, ?, ?, ?)",
      {closing.event, closing.channel, micros_of(closing.end), record, key.public_key(),
       key.sign(record)});
}

std::vector<SignedRecord> records_of(Work& work, std::string_view event) {
  std::vector<SignedRecord> all;
  for (const store::Row& row : work.sql.rows("SELECT record, signing_key, signature FROM"
                                             " destruction WHERE event = ? ORDER BY ended_at,"
                                             " channel",
                                             {event})) {
    all.push_back({row.text(0), row.text(1), row.text(2)});
  }
  return all;
}

Expected<std::string> verify_records(std::string_view file, std::string_view key) {
  boost::system::error_code error;
  const json::value value = json::parse(file, error);
  if (error || !value.is_object()) return problem("it is not JSON");
  const json::value* records = value.as_object().if_contains("records");
  if (records == nullptr) return verify(value.as_object(), key);
  if (!records->is_array() || records->as_array().empty()) return problem("it has no records");
  std::string said;
  for (const json::value& one : records->as_array()) {
    if (!one.is_object()) return problem("one of its records is none");
    auto line = verify(one.as_object(), key);
    if (!line) return line;
    said += *line;
  }
  return said;
}

}  // namespace butai::ticketing
