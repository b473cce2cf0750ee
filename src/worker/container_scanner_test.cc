#include "worker/container_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "worker/limits.h"

namespace butai::worker {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i));
  return text;
}
std::string box(const std::string& type, const std::string& body = "") {
  return number(8 + body.size(), 4) + type + body;
}
std::string element(const std::string& id, const std::string& body) {
  return id + number(0x1000'0000U | body.size(), 4) + body;
}
const std::string kUnknownSize = "\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s;
std::string tag(int type, const std::string& body) {
  return number(static_cast<std::uint64_t>(type), 1) + number(body.size(), 3) + number(0, 7) +
         body + number(11 + body.size(), 4);
}

const std::string kMp4Head = box("ftyp", "isom") + box("moov", std::string(50, 'm'));
const std::string kMp4Fragment = box("moof", "f") + box("mdat", std::string(20, 'd'));
const std::string kWebmHead = element("\x1A\x45\xDF\xA3", "webm") + "\x18\x53\x80\x67"s +
                              kUnknownSize + element("\x15\x49\xA9\x66", "info") +
                              element("\x16\x54\xAE\x6B", "tracks");
// As MediaRecorder writes them: the size is not known.
const std::string kCluster = "\x1F\x43\xB6\x75"s + kUnknownSize + element("\xE7", "t") +
                             element("\xA3", "block") + element("\xA3", "block");
const std::string kKnownCluster =
    element("\x1F\x43\xB6\x75", element("\xE7", "t") + element("\xA3", "block"));
const std::string kFlvHead = "FLV\x01\x05\0\0\0\x09\0\0\0\0"s;
const std::string kFlvSets = tag(18, "onMetaData") + tag(9, "\x17\0avcC"s) + tag(8, "\xAF\0asc"s);
const std::string kFlvKey = tag(9, "\x17\x01key"s), kFlvDelta = tag(9, "\x27\x01p"s);

// The whole input in pieces of `size`; what came out as "opens" '(' and boundaries '|' in the text.
struct Scanned {
  std::string text;                     // all bytes, joined
  std::vector<std::size_t> boundaries;  // offsets
  std::vector<std::size_t> opens;
};
Scanned scan(ContainerScanner& scanner, const std::string& input, std::size_t size) {
  Scanned scanned;
  for (std::size_t at = 0; at < input.size(); at += size) {
    const auto pieces = scanner.take(Bytes::copy_of(input.substr(at, size)));
    EXPECT_TRUE(pieces.has_value());
    if (!pieces) return scanned;
    for (const auto& piece : *pieces) {
      if (piece.opens) scanned.opens.push_back(scanned.text.size());
      if (piece.at_boundary) scanned.boundaries.push_back(scanned.text.size());
      scanned.text += piece.bytes.text();
    }
  }
  return scanned;
}

struct Case {
  const char* name;
  std::string head, first, second;
  Container container;
};
class EveryContainer : public ::testing::TestWithParam<Case> {};

TEST_P(EveryContainer, keeps_its_header_and_finds_its_boundaries_however_it_is_cut) {
  const Case& each = GetParam();
  const std::string input = each.head + each.first + each.second;
  for (std::size_t size = 1; size <= input.size(); ++size) {
    ContainerScanner scanner;
    const Scanned scanned = scan(scanner, input, size);
    ASSERT_EQ(scanned.text, input) << size;
    EXPECT_THAT(scanned.opens, ElementsAre(0U));
    EXPECT_THAT(scanned.boundaries,
                ElementsAre(each.head.size(), each.head.size() + each.first.size()));
    EXPECT_EQ(scanner.header().text(), each.head);
    EXPECT_TRUE(scanner.header_complete());
    EXPECT_EQ(scanner.container(), each.container);
  }
}

TEST_P(EveryContainer, sees_a_new_container_begin) {
  const Case& each = GetParam();
  const std::string once = each.head + each.first;
  for (std::size_t size : {std::size_t{1}, std::size_t{13}, 2 * once.size()}) {
    ContainerScanner scanner;
    EXPECT_THAT(scan(scanner, once + once, size).opens, ElementsAre(0U, once.size())) << size;
    EXPECT_EQ(scanner.header().text(), each.head);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Tables, EveryContainer,
    ::testing::Values(Case{"mp4", kMp4Head, kMp4Fragment, kMp4Fragment, Container::Mp4},
                      Case{"webm", kWebmHead, kCluster, kCluster, Container::WebM},
                      Case{"webm_sized", kWebmHead, kKnownCluster, kCluster, Container::WebM},
                      Case{"flv", kFlvHead + kFlvSets, kFlvKey + kFlvDelta, kFlvKey,
                           Container::Flv}),
    [](const auto& param) { return param.param.name; });

TEST(ContainerScanner, mpeg_ts_goes_on_anywhere) {
  std::string input;
  for (int i = 0; i < 5; ++i) input += "\x47" + std::string(187, 't');
  ContainerScanner scanner;
  const Scanned scanned = scan(scanner, input, 100);
  EXPECT_EQ(scanned.text, input);
  EXPECT_EQ(scanner.container(), Container::MpegTs);
  EXPECT_TRUE(scanner.header().empty());
  EXPECT_THAT(scanned.boundaries, ::testing::Not(::testing::IsEmpty()));
}

TEST(ContainerScanner, a_box_of_64_bits_is_passed_over) {
  const std::string large = number(1, 4) + "mdat" + number(16 + 5, 8) + "large";
  ContainerScanner scanner;
  const std::string input = kMp4Head + box("moof") + large + kMp4Fragment;
  EXPECT_THAT(scan(scanner, input, 3).boundaries,
              ElementsAre(kMp4Head.size(), kMp4Head.size() + 8 + large.size()));
}

TEST(ContainerScanner, new_flv_configuration_replaces_the_old) {
  ContainerScanner scanner;
  const std::string renewed = tag(9, "\x17\0new!"s);
  scan(scanner, kFlvHead + kFlvSets + kFlvKey + renewed + kFlvKey, 9);
  EXPECT_THAT(std::string(scanner.header().text()), ::testing::HasSubstr("new!"));
  EXPECT_THAT(std::string(scanner.header().text()), ::testing::Not(::testing::HasSubstr("avcC")));
}

ScanError error_of(const std::string& input) {
  ContainerScanner scanner;
  const auto pieces = scanner.take(Bytes::copy_of(input));
  EXPECT_FALSE(pieces.has_value()) << input.substr(0, 40);
  EXPECT_FALSE(scanner.container().has_value()) << "it starts anew";
  return pieces.has_value() ? ScanError::UnknownContainer : pieces.error();
}

TEST(ContainerScanner, says_what_is_wrong) {
  EXPECT_EQ(error_of("\x89PNG........"), ScanError::UnknownContainer);
  EXPECT_EQ(error_of(std::string(200, '\x47').replace(188, 1, "x")), ScanError::UnknownContainer);
  EXPECT_EQ(error_of(box("ftyp") + box("mdat", "first")), ScanError::PlainMp4);
  EXPECT_EQ(error_of(kMp4Head + number(7, 4) + "moof"), ScanError::BadBox);
  EXPECT_EQ(error_of(kMp4Head + number(1, 4) + "mdat" + number(15, 8)), ScanError::BadBox);
  EXPECT_EQ(error_of(box("ftyp") + box("moov", std::string(kContainerHeaderBytesMax, 'm'))),
            ScanError::HeaderTooLong);
  EXPECT_EQ(error_of(kWebmHead + "\0\0\0\0"s), ScanError::BadElement);
  EXPECT_EQ(error_of(element("\x1A\x45\xDF\xA3", "webm") + "\x15\x49\xA9\x66" + kUnknownSize),
            ScanError::BadElement);
  EXPECT_EQ(error_of(kFlvHead + tag(3, "what")), ScanError::BadTag);
}

TEST(ContainerScanner, a_new_header_may_be_cut_right_after_its_first_size) {
  ContainerScanner scanner;
  scan(scanner, kWebmHead + kCluster, 1'000);
  const auto pieces =
      scanner.take(Bytes::copy_of("\x1A\x45\xDF\xA3\x80"));  // 5 bytes, found by fuzzing
  ASSERT_TRUE(pieces.has_value());
  ASSERT_EQ(pieces->size(), 1U);
  EXPECT_TRUE(pieces->front().opens);
}

TEST(ContainerScanner, waits_for_enough_to_tell) {
  ContainerScanner scanner;
  EXPECT_TRUE(scanner.take(Bytes::copy_of("\0\0\0\x18"s)).value().empty());
  EXPECT_FALSE(scanner.container().has_value());
  EXPECT_FALSE(scanner.take(Bytes::copy_of("ftypisom")).value().empty());
  EXPECT_EQ(scanner.container(), Container::Mp4);
}

}  // namespace
}  // namespace butai::worker
