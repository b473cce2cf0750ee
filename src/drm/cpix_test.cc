#include "drm/cpix.h"

#include <gtest/gtest.h>

#include "drm/pssh.h"
#include "drm/testing/keys.h"

namespace butai::drm {
namespace {

Cpix request() {
  Cpix cpix;
  cpix.content_id = "main & more";
  const ContentKey key = testing::content_key();
  cpix.keys.push_back({key.kid, "cbcs", key.constant_iv, std::nullopt, {}, {}});
  cpix.systems.push_back({key.kid, std::string(kWidevineSystem), "", "", "", ""});
  cpix.systems.push_back(
      {key.kid, std::string(kFairPlaySystem), std::nullopt, std::nullopt, "", ""});
  cpix.periods.push_back({"period-4", 4});
  cpix.rules.push_back({key.kid, "SD", "period-4", false, true, std::nullopt, 589'824});
  return cpix;
}

TEST(Cpix, what_is_written_is_read_the_same) {
  Cpix cpix = request();
  cpix.keys[0].key = testing::content_key().key;
  cpix.systems[0].hls_media = "#EXT-X-KEY:METHOD=SAMPLE-AES";
  const auto read = parse_cpix(write_cpix(cpix));
  ASSERT_TRUE(read) << read.error().sentence;
  EXPECT_EQ(read->content_id, cpix.content_id);
  EXPECT_EQ(read->version, "2.3");
  ASSERT_EQ(read->keys.size(), 1u);
  EXPECT_EQ(read->keys[0].kid, cpix.keys[0].kid);
  EXPECT_EQ(read->keys[0].key, cpix.keys[0].key);
  EXPECT_EQ(read->keys[0].explicit_iv, cpix.keys[0].explicit_iv);
  ASSERT_EQ(read->systems.size(), 2u);
  EXPECT_EQ(read->systems[0].hls_media, "#EXT-X-KEY:METHOD=SAMPLE-AES");
  EXPECT_EQ(read->systems[0].pssh, "");
  EXPECT_EQ(read->systems[1].pssh, std::nullopt);
  ASSERT_EQ(read->rules.size(), 1u);
  EXPECT_EQ(read->rules[0].pixels_max, 589'824u);
  EXPECT_EQ(read->periods[0].index, 4u);
}

// Elements in another order and with other prefixes, as AWS publishes its answers.
TEST(Cpix, reads_answers_whose_elements_stand_in_another_order) {
  const auto read = parse_cpix(R"(<?xml version="1.0"?>
<CPIX xmlns="urn:dashif:org:cpix" xmlns:k="urn:ietf:params:xml:ns:keyprov:pskc" contentId="abc" version="2.3">
 <ContentKeyList><ContentKey explicitIV="OFj2IjCsPJFfMAxmQxLGPw==" kid="98ee5596-cd3e-a20d-163a-e382420c6eff" commonEncryptionScheme="cbcs">
  <Data><k:Secret><k:PlainValue>
    5dGAgwGuUYu4dHeHtNlxJw== </k:PlainValue></k:Secret></Data></ContentKey></ContentKeyList>
 <DRMSystemList><DRMSystem kid="98ee5596-cd3e-a20d-163a-e382420c6eff" systemId="EDEF8BA9-79d6-4ace-a3c8-27dcd51d21ed">
  <HLSSignalingData playlist="master">bQ==</HLSSignalingData><ContentProtectionData>PGE+</ContentProtectionData><PSSH>AAAA</PSSH></DRMSystem></DRMSystemList>
</CPIX>)");
  ASSERT_TRUE(read) << read.error().sentence;
  EXPECT_TRUE(read->keys[0].key);
  EXPECT_EQ(read->systems[0].system_id, kWidevineSystem);
  EXPECT_EQ(read->systems[0].hls_master, "m");
  EXPECT_EQ(read->systems[0].content_protection, "<a>");
}

TEST(Cpix, entity_bombs_are_refused_before_anything_is_expanded) {
  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE CPIX [<!ENTITY a0 \"ha\">";
  for (int i = 1; i <= 30; ++i) {  // 2 to the power of 30 laughs
    bomb += "<!ENTITY a" + std::to_string(i) + " \"&a" + std::to_string(i - 1) + ";&a" +
            std::to_string(i - 1) + ";\">";
  }
  bomb += "]><CPIX contentId=\"&a30;\"/>";
  const auto read = parse_cpix(bomb);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().sentence.find("type declaration"), std::string::npos);
  // An external one, which would fetch a file of ours.
  EXPECT_FALSE(parse_cpix("<!DOCTYPE CPIX SYSTEM \"file:///etc/passwd\"><CPIX/>"));
}

TEST(Cpix, systems_that_nobody_here_knows_are_read_as_they_are) {
  Cpix cpix = request();
  cpix.systems.push_back({cpix.keys[0].kid, "5e629af5-38da-4063-8977-97ffbd9902d4",
                          "cHNzaA==", std::nullopt, std::nullopt, std::nullopt});
  const auto read = parse_cpix(write_cpix(cpix));
  ASSERT_TRUE(read) << read.error().sentence;
  ASSERT_EQ(read->systems.size(), 3u);
  EXPECT_EQ(read->systems[2].system_id, "5e629af5-38da-4063-8977-97ffbd9902d4");
}

TEST(Cpix, refuses_bad_documents_with_a_reason) {
  const auto why = [](std::string_view text) {
    const auto read = parse_cpix(text);
    return read ? std::string("nothing") : read.error().sentence;
  };
  EXPECT_NE(why("<!DOCTYPE CPIX [<!ENTITY a \"b\">]><CPIX>&a;</CPIX>").find("type declaration"),
            std::string::npos);
  EXPECT_NE(why("<CPIX>").find("not XML"), std::string::npos);
  EXPECT_NE(why("<html></html>").find("not CPIX"), std::string::npos);
  EXPECT_NE(why("<CPIX><ContentKeyList><ContentKey kid='1'/></ContentKeyList></CPIX>").find("kid"),
            std::string::npos);
  const std::string kid = "kid='98ee5596-cd3e-a20d-163a-e382420c6eff'";
  EXPECT_NE(why("<CPIX><ContentKeyList><ContentKey " + kid +
                "><Data><Secret><PlainValue>AAAA</PlainValue></Secret></Data></ContentKey>"
                "</ContentKeyList></CPIX>")
                .find("16 bytes"),
            std::string::npos);
  EXPECT_NE(why("<CPIX><ContentKeyList><ContentKey " + kid + "/><ContentKey " + kid +
                "/></ContentKeyList></CPIX>")
                .find("same kid"),
            std::string::npos);
  EXPECT_NE(why(std::string(300'000, ' ')).find("256 KiB"), std::string::npos);
}

}  // namespace
}  // namespace butai::drm
