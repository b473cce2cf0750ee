// "No archive" as a promise with a proof: which channels of which events are due to be destroyed, and the
// signed record that says what was destroyed and when. Anybody can verify it without asking the server:
// the signature is over the record as JSON without spaces, members in their order.
// Flow:   Curtain -> due_at(), keep_record(); api/, `butai event verify-record` -> the rest
// Thread: due_at() and verify_record() any; what has a Work: the database's.
// Limits: kAfterEnd (limits.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/record_key.h"
#include "base/problem.h"
#include "ticketing/catalog/catalog.h"
#include "ticketing/catalog/stage.h"
#include "ticketing/work.h"

namespace butai::ticketing {

// A channel whose last performance of an event is over.
struct Closing {
  std::string event;
  std::string channel;
  Utc end;                                // of the last performance there
  std::vector<std::string> performances;  // ids of all of them
};

// Those that ended at least `grace` ago. Not while the doors of another performance, of whatever event,
// are open on the same channel: its keys and segments are the same.
std::vector<Closing> due_at(const Catalog& catalog, Utc now, Seconds grace);

struct Destroyed {
  Purged memory;
  std::vector<DestroyedKey> keys;
};
// Written once for an end of an event on a channel: false when it is there already.
bool has_record(Work& work, const Closing& closing);
void keep_record(Work& work, const Closing& closing, const Event& event, const Destroyed& what,
                 const access::RecordKey& key);

struct SignedRecord {
  std::string record;  // JSON
  std::string key;     // Ed25519, base64url
  std::string signature;
};
std::vector<SignedRecord> records_of(Work& work, std::string_view event);

// What the file of one record, or of an event's records, says, a line each. A problem: something in it
// was changed, or was not signed by `key` (empty: by the key that it names itself).
Expected<std::string> verify_records(std::string_view file, std::string_view key);

}  // namespace butai::ticketing
