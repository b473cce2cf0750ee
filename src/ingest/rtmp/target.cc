#include "ingest/rtmp/target.h"

#include <utility>

#include "access/limits.h"
#include "base/name.h"
#include "net/target.h"

namespace butai::ingest::rtmp {

std::expected<Wanted, std::string_view> read_target(const PublishTarget& target) {
  Wanted wanted{target.name, "", live::InputSlot::A};
  if (!is_name(wanted.word)) {
    return std::unexpected(
        "the key must be CHANNEL?token=TOKEN, or a stream key made by butai channel key CHANNEL");
  }
  if (target.query.size() > access::kTokenBytesMax + 1024) {
    return std::unexpected("what follows the ? of the key is too long");
  }
  const auto query = net::parse_form(target.query);
  if (!query) return std::unexpected("what follows the ? of the key cannot be read");
  for (const auto& [name, value] : *query) {
    if (name == "token") wanted.token = value;
    if (name != "input") continue;
    if (value != "a" && value != "b") return std::unexpected("input must be a or b");
    wanted.slot = value == "b" ? live::InputSlot::B : live::InputSlot::A;
  }
  return wanted;
}

}  // namespace butai::ingest::rtmp
