#include "delivery/document.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "delivery/gzip.h"

namespace butai::delivery {
namespace {

std::string unpacked(const Bytes& packed) {
  std::vector<char> text(1 << 16);
  z_stream in{};
  EXPECT_EQ(inflateInit2(&in, 15 + 16), Z_OK);
  in.next_in = const_cast<Bytef*>(packed.data());
  in.avail_in = static_cast<uInt>(packed.size());
  in.next_out = reinterpret_cast<Bytef*>(text.data());
  in.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&in, Z_FINISH), Z_STREAM_END);
  inflateEnd(&in);
  return {text.data(), in.total_out};
}

std::string header(const net::ReadyAnswerPtr& answer, std::string_view name) {
  return std::string(answer->response().headers.find(name).value_or(""));
}

Coding asked(std::string accepted) {
  net::Request request;
  request.headers.add("Accept-Encoding", std::move(accepted));
  return coding_for(request);
}

constexpr Document::Form kGzip{.coding = Coding::Gzip};

TEST(Document, is_the_same_text_in_both_codings_each_with_its_tag) {
  const std::string text(2000, 'x');
  Document document("text/plain", text);
  const auto plain = document.in({}), packed = document.in(kGzip);
  EXPECT_EQ(plain->response().body.front().text(), text);
  EXPECT_LT(packed->size(), 100u);
  EXPECT_EQ(unpacked(packed->response().body.front()), text);
  EXPECT_EQ(header(plain, "Content-Encoding"), "");
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
  EXPECT_NE(header(plain, "ETag"), header(packed, "ETag"));
}

TEST(Document, is_made_once_in_each_form) {
  Document document("text/plain", "stage");
  EXPECT_EQ(document.in(kGzip), document.in(kGzip));
  EXPECT_NE(document.in(kGzip), document.in({}));
}

TEST(Document, of_the_same_text_has_the_same_tag_on_every_node) {
  Document one("text/plain", "stage"), same("text/plain", "stage"), other("text/plain", "stagf");
  EXPECT_EQ(header(one.in({}), "ETag"), header(same.in({}), "ETag"));
  EXPECT_NE(header(one.in({}), "ETag"), header(other.in({}), "ETag"));
}

TEST(Document, is_shared_where_the_address_is_the_right_and_kept_longer_when_asked_for_by_number) {
  Document document("text/plain", "stage");
  const auto kept = [&](Life life, Right right) {
    return header(document.in({.coding = {}, .life = life, .right = right}), "Cache-Control");
  };
  EXPECT_EQ(kept(Life::Playlist, Right::InAddress), "public, max-age=1");
  EXPECT_EQ(kept(Life::Playlist, Right::Bearer), "private, max-age=1");
  EXPECT_EQ(kept(Life::Reload, Right::InAddress), "public, max-age=24");
  EXPECT_EQ(kept(Life::Reload, Right::Bearer), "private, max-age=24");
}

TEST(Gzip, of_the_same_text_is_the_same_bytes) {
  EXPECT_EQ(gzip("stage").text(), gzip("stage").text());
  EXPECT_EQ(unpacked(gzip("")), "");
}

TEST(CodingFor, takes_gzip_where_it_is_named_and_not_refused) {
  EXPECT_EQ(coding_for(net::Request{}), Coding::Plain);
  for (const auto* header :
       {"gzip", "deflate, gzip", "br;q=1.0, GZIP;q=0.5", "gzip;q=1", "gzip;q=0.01"}) {
    EXPECT_EQ(asked(header), Coding::Gzip) << header;
  }
  for (const auto* header : {"", "br", "gzip;q=0", "gzip; Q=0.000", "x-gzip", "*"}) {
    EXPECT_EQ(asked(header), Coding::Plain) << header;
  }
}

}  // namespace
}  // namespace butai::delivery
