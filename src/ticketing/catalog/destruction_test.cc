#include "ticketing/catalog/destruction.h"

#include <boost/json.hpp>

#include "ticketing/limits.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

using std::chrono::hours;

const Utc kNow = utc_of(1'800'000'000'000'000);

Performance on(std::string id, std::string channel, Utc start) {
  return {
      std::move(id), "", {}, start - hours{1}, start, start + hours{2}, {{std::move(channel), {}}}};
}

Event event(std::string id, std::vector<Performance> performances) {
  Event made;
  made.id = std::move(id);
  made.state = EventState::OnSale;
  made.performances = std::move(performances);
  return made;
}

std::string names(const std::vector<Closing>& due) {
  std::string all;
  for (const Closing& one : due) all += one.event + ":" + one.channel + " ";
  return all;
}

TEST(DueAt, a_channel_is_due_when_its_last_performance_of_the_event_is_over) {
  const Catalog catalog(
      {event("ev_1", {on("pf_1", "stage", kNow), on("pf_2", "stage", kNow + hours{24}),
                      on("pf_3", "sign", kNow)})});
  EXPECT_EQ(names(due_at(catalog, kNow + hours{2} + kAfterEnd - Seconds{1}, kAfterEnd)), "");
  const auto first = due_at(catalog, kNow + hours{2} + kAfterEnd, kAfterEnd);
  EXPECT_EQ(names(first), "ev_1:sign ");
  const auto all = due_at(catalog, kNow + hours{26} + kAfterEnd, kAfterEnd);
  EXPECT_EQ(names(all), "ev_1:sign ev_1:stage ");
  EXPECT_EQ(all[1].performances.size(), 2u);
  EXPECT_EQ(all[1].end, kNow + hours{26});
}

TEST(DueAt, not_while_the_doors_of_somebody_else_are_open_on_the_same_channel) {
  const Catalog catalog({event("ev_1", {on("pf_1", "stage", kNow)}),
                         event("ev_2", {on("pf_2", "stage", kNow + hours{3})})});
  EXPECT_EQ(names(due_at(catalog, kNow + hours{2} + Seconds{30}, kAfterEnd)), "");
  EXPECT_EQ(names(due_at(catalog, kNow + hours{3}, kAfterEnd)), "");
  EXPECT_EQ(names(due_at(catalog, kNow + hours{5} + kAfterEnd, kAfterEnd)),
            "ev_1:stage ev_2:stage ");
}

TEST(DueAt, a_draft_promised_nothing) {
  Event draft = event("ev_1", {on("pf_1", "stage", kNow)});
  draft.state = EventState::Draft;
  EXPECT_EQ(names(due_at(Catalog({draft}), kNow + hours{24}, kAfterEnd)), "");
}

const access::Secret kSecret("CNRY-records-0123456789abcdef0123456789abcdef");

class Records : public testing::Shop {
 protected:
  Closing closing() const {
    const Performance& one = event.performances.front();
    return {event.id, "stage", one.end, {one.id}};
  }
  SignedRecord keep(const access::RecordKey& signer) {
    work<bool>([&](Work& w) -> Outcome<bool> {
      keep_record(w, closing(), event, {{12, 3456}, {{"kid-1", true}}}, signer);
      return true;
    });
    return work<SignedRecord>(
               [&](Work& w) -> Outcome<SignedRecord> { return records_of(w, event.id).at(0); })
        .value();
  }
  static std::string file_of(const SignedRecord& one) {
    return R"({ "record" : )" + one.record + R"(, "key": ")" + one.key + R"(", "signature": ")" +
           one.signature + "\"}\n";
  }
  access::RecordKey key{kSecret};
};
BUTAI_EACH_STORE(Records);

TEST_P(Records, a_record_is_kept_once_and_verifies_however_its_json_is_laid_out) {
  const SignedRecord kept = keep(key);
  EXPECT_TRUE(*work<bool>([&](Work& w) -> Outcome<bool> { return has_record(w, closing()); }));
  EXPECT_TRUE(verify_records(file_of(kept), key.public_key()));
  EXPECT_TRUE(verify_records(R"({"records":[)" + file_of(kept) + "]}", ""));
  const auto said = boost::json::parse(kept.record).as_object();
  EXPECT_EQ(said.at("segments_in_memory"), 12);
  EXPECT_EQ(said.at("keys").as_array().size(), 1u);
}

TEST_P(Records, every_changed_byte_of_a_record_is_found) {
  const SignedRecord kept = keep(key);
  for (std::size_t at = 0; at < kept.record.size(); ++at) {
    SignedRecord changed = kept;
    changed.record[at] = changed.record[at] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(verify_records(file_of(changed), "")) << changed.record.substr(0, at + 1);
  }
}

TEST_P(Records, another_installation_cannot_sign_for_this_one) {
  const access::RecordKey other(access::Secret(std::string(43, 'b')));
  const std::string forged = file_of(keep(other));
  EXPECT_TRUE(verify_records(forged, "")) << "it names its own key";
  EXPECT_FALSE(verify_records(forged, key.public_key()));
}

TEST_P(Records, what_is_no_record_is_told_so) {
  for (const char* file : {"", "null", "[]", "{}", R"({"records":[]})", R"({"records":[1]})",
                           R"({"record":1,"key":"","signature":""})"}) {
    EXPECT_FALSE(verify_records(file, "")) << file;
  }
}

}  // namespace
}  // namespace butai::ticketing
