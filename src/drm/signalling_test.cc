#include "drm/signalling.h"

#include <gtest/gtest.h>

#include "drm/play_ready.h"
#include "drm/pssh.h"
#include "drm/text.h"

namespace butai::drm {
namespace {

using media::Scheme;

ContentKey known_key() {
  ContentKey key;
  key.kid = *from_uuid("00112233445566778899aabbccddeeff");
  key.key = KeyBytes(*from_uuid("ffeeddccbbaa99887766554433221100"));
  return key;
}

// As shaka-packager 3.4.2 writes them for the same key.
TEST(Pssh, is_what_an_independent_packager_writes) {
  const ContentKey key = known_key();
  EXPECT_EQ(to_base64(common_pssh({&key.kid, 1})),
            "AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAEAESIzRFVmd4iZqrvM3e7/AAAAAA==");
  EXPECT_EQ(to_base64(widevine_pssh({&key.kid, 1}, Scheme::Cenc)),
            "AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAARIjNEVWZ3iJmqu8zd7v9I49yVmwY=");
  EXPECT_EQ(to_base64(widevine_pssh({&key.kid, 1}, Scheme::Cbcs)),
            "AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAARIjNEVWZ3iJmqu8zd7v9I88aJmwY=");
}

std::string ascii_of(const std::vector<std::uint8_t>& object) {
  std::string out;
  for (std::size_t i = 10; i < object.size(); i += 2) out += static_cast<char>(object[i]);
  return out;
}

TEST(PlayReady, header_is_what_an_independent_packager_writes) {
  const ContentKey key = known_key();
  const auto cenc = play_ready_object(key, Scheme::Cenc);
  EXPECT_EQ(cenc.size(), 0x206u);
  EXPECT_EQ(to_hex(ByteView(cenc).first(10)),
            "06020000010001"
            "00fc01");
  EXPECT_EQ(ascii_of(cenc),
            "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" "
            "version=\"4.0.0.0\"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID>"
            "</PROTECTINFO><KID>MyIRAFVEd2aImaq7zN3u/w==</KID><CHECKSUM>BM9cBXTq0Gw=</CHECKSUM>"
            "</DATA></WRMHEADER>");
  const auto cbcs = play_ready_object(key, Scheme::Cbcs);
  EXPECT_EQ(cbcs.size(), 0x1beu);
  EXPECT_EQ(ascii_of(cbcs),
            "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" "
            "version=\"4.3.0.0\"><DATA><PROTECTINFO><KIDS><KID ALGID=\"AESCBC\" "
            "VALUE=\"MyIRAFVEd2aImaq7zN3u/w==\"></KID></KIDS></PROTECTINFO></DATA></WRMHEADER>");
}

TEST(Signalling, fair_play_is_not_offered_for_cenc) {
  const std::vector wanted = {RealSystem::Widevine, RealSystem::PlayReady, RealSystem::FairPlay};
  EXPECT_EQ(make_signals(known_key(), Scheme::Cbcs, wanted).size(), 4u);
  const auto cenc = make_signals(known_key(), Scheme::Cenc, wanted);
  ASSERT_EQ(cenc.size(), 3u);
  for (const auto& signal : cenc) EXPECT_NE(signal.system_id, kFairPlaySystem);
}

TEST(Signalling, says_to_each_system_what_it_reads) {
  const auto signals =
      make_signals(known_key(), Scheme::Cbcs, {RealSystem::FairPlay, RealSystem::Widevine});
  ASSERT_EQ(signals.size(), 3u);
  EXPECT_EQ(signals[0].hls_key, "");  // W3C common is DASH's alone
  EXPECT_EQ(signals[1].hls_key,
            "METHOD=SAMPLE-AES,URI=\"skd://00112233-4455-6677-8899-aabbccddeeff\","
            "KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"");
  EXPECT_NE(signals[2].hls_key.find("KEYID=0x00112233445566778899aabbccddeeff"), std::string::npos);
}

TEST(Pssh, is_read_back_and_refused_when_broken) {
  const ContentKey key = known_key();
  const Bytes box = common_pssh({&key.kid, 1});
  const auto read = parse_pssh(box);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kids, std::vector{key.kid});
  for (std::size_t length = 0; length < box.size(); ++length) {
    EXPECT_FALSE(parse_pssh(box.view().first(length))) << length;
  }
}

TEST(Text, base64_takes_what_rfc_4648_gives_and_nothing_else) {
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(as_text(*from_base64(" Zm9v\nYg== ")), "foob");
  for (const std::string_view wrong : {"Zg", "Zg=", "Zh==", "Z===", "Zm9v=", "Zm9*"}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
  EXPECT_EQ(as_text(*from_base64url("Zg")), "f");
  EXPECT_FALSE(from_base64url("Z"));
  EXPECT_FALSE(from_uuid("0011223344556677-8899-aabbccddeeff00"));
}

}  // namespace
}  // namespace butai::drm
