#include "ingest/rtmp/handshake.h"

#include <gtest/gtest.h>

#include <vector>

#include "access/testing/seeded_random.h"

namespace butai::ingest::rtmp {
namespace {

using Raw = std::vector<std::uint8_t>;
using access::testing::SeededRandom;

struct Pair {
  explicit Pair(HandshakeForm form) : client(Role::Client, random, form) {}
  // True: both ends are through.
  bool shake(std::size_t piece) {
    Raw to_server, to_client;
    client.begin(to_server);
    bool server_done = false, client_done = false;
    for (int turn = 0; turn < 3; ++turn) {
      server_done = feed(server, std::exchange(to_server, {}), to_client, piece) || server_done;
      client_done = feed(client, std::exchange(to_client, {}), to_server, piece) || client_done;
    }
    return server_done && client_done;
  }
  static bool feed(Handshake& end, const Raw& bytes, Raw& out, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ByteView view = ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at));
      const auto done = end.take(view, out);
      EXPECT_TRUE(done);
      if (done && *done) return true;
    }
    return false;
  }
  SeededRandom random;
  Handshake server{Role::Server, random};
  Handshake client;
};

TEST(Handshake, both_forms_work_between_our_two_ends) {
  for (const HandshakeForm form : {HandshakeForm::Plain, HandshakeForm::Digest}) {
    for (const std::size_t piece : {1u, 997u, 4000u}) {
      Pair pair(form);
      EXPECT_TRUE(pair.shake(piece));
      EXPECT_EQ(pair.server.form(), form);
    }
  }
}

TEST(Handshake, what_follows_is_left_for_the_chunks) {
  SeededRandom random;
  Handshake server(Role::Server, random);
  Raw bytes(1 + 1536 + 1536, 0), out;
  bytes[0] = 3;
  bytes.insert(bytes.end(), {7, 8});
  ByteView view = bytes;
  EXPECT_TRUE(*server.take(view, out));
  EXPECT_EQ(view.size(), 2u);
  EXPECT_EQ(out.size(), 1u + 1536 + 1536);
}

TEST(Handshake, B5_other_versions_are_refused_at_the_first_byte) {
  SeededRandom random;
  for (const auto& [version, error] :
       {std::pair{'G', HandshakeError::NotRtmp}, std::pair{'\x16', HandshakeError::NotRtmp},
        std::pair{'\0', HandshakeError::NotRtmp}, std::pair{'\6', HandshakeError::Encrypted}}) {
    Handshake server(Role::Server, random);
    const Raw bytes{static_cast<std::uint8_t>(version)};
    ByteView view = bytes;
    Raw out;
    EXPECT_EQ(server.take(view, out).error(), error);
    EXPECT_TRUE(out.empty());
  }
}

TEST(Handshake, B5_a_short_c1_is_waited_for_and_answered_with_nothing) {
  SeededRandom random;
  Handshake server(Role::Server, random);
  Raw bytes(1 + 1535, 0), out;
  bytes[0] = 3;
  ByteView view = bytes;
  EXPECT_FALSE(*server.take(view, out));
  EXPECT_TRUE(out.empty());
}

TEST(Handshake, B5_a_digest_that_is_wrong_or_lies_at_the_edge_is_answered_plainly) {
  SeededRandom random;
  for (const std::uint8_t offset : {0x00, 0xff}) {
    Raw c1(1536, 0x5a), out;
    for (std::size_t at : {4u, 5u, 6u, 7u}) c1[at] = 9;
    for (std::size_t at : {8u, 9u, 10u, 11u, 772u, 773u, 774u, 775u}) c1[at] = offset;
    Handshake server(Role::Server, random);
    Raw bytes{3};
    bytes.insert(bytes.end(), c1.begin(), c1.end());
    ByteView view = bytes;
    EXPECT_FALSE(*server.take(view, out));
    EXPECT_EQ(server.form(), HandshakeForm::Plain);
    EXPECT_EQ(as_text(ByteView(out).last(1536)), as_text(c1)) << "S2 is C1";
  }
}

// As other servers do: hardware encoders send zeros, and nothing hangs on it.
TEST(Handshake, B5_a_c2_that_echoes_something_else_is_no_reason_to_close) {
  SeededRandom random;
  Handshake server(Role::Server, random);
  Raw bytes(1 + 1536 + 1536, 0x77), out;
  bytes[0] = 3;
  ByteView view = bytes;
  EXPECT_TRUE(*server.take(view, out));
}

TEST(Handshake, a_server_that_signs_wrongly_is_not_talked_to) {
  SeededRandom random;
  Handshake client(Role::Client, random, HandshakeForm::Digest);
  Raw bytes(1 + 1536, 0x77), out;
  bytes[0] = 3;
  ByteView view = bytes;
  EXPECT_EQ(client.take(view, out).error(), HandshakeError::BadDigest);
}

}  // namespace
}  // namespace butai::ingest::rtmp
