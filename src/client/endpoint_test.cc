#include "client/endpoint.h"

#include <gmock/gmock.h>

namespace butai::client {
namespace {

using testing::HasSubstr;

TEST(PublishTarget, a_bare_host_gets_the_path_and_the_channel) {
  const auto target = publish_target("wss://example.org");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->url, "wss://example.org/ws?channel=main");
  EXPECT_EQ(target->channel, "main");
  EXPECT_FALSE(target->exposed);
}

TEST(PublishTarget, what_was_given_is_kept) {
  const auto target = publish_target("WSS://example.org:8443/stage/ws?input=b&channel=left");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->url, "wss://example.org:8443/stage/ws?input=b&channel=left");
  EXPECT_EQ(target->channel, "left");
}

TEST(PublishTarget, plain_text_to_another_machine_is_noticed) {
  EXPECT_TRUE(publish_target("ws://example.org")->exposed);
  EXPECT_FALSE(publish_target("ws://127.0.0.1:8080")->exposed);
  EXPECT_FALSE(publish_target("ws://[::1]:8080")->exposed);
}

TEST(PublishTarget, rtmp_names_an_application_and_a_channel_or_key) {
  const auto plain = publish_target("rtmp://example.org/live/main?input=b");
  ASSERT_TRUE(plain && plain->rtmp);
  EXPECT_EQ(plain->rtmp->app, "live");
  EXPECT_EQ(plain->rtmp->name, "main?input=b");
  EXPECT_EQ(plain->rtmp->port, 1935);
  EXPECT_TRUE(plain->exposed);
  EXPECT_EQ(plain->url, "rtmp://example.org:1935/live") << "shown without what may be a key";
  const auto secure = publish_target("rtmps://[::1]:2000/live/sk_x");
  ASSERT_TRUE(secure && secure->rtmp);
  EXPECT_TRUE(secure->rtmp->secure);
  EXPECT_EQ(secure->rtmp->host, "::1");
  EXPECT_EQ(secure->rtmp->port, 2000);
  EXPECT_FALSE(secure->exposed);
}

TEST(PublishTarget, refuses_with_a_sentence_that_says_what_to_write) {
  const auto said = [](std::string_view url) { return publish_target(url).error().sentence; };
  EXPECT_THAT(said("rtmp://example.org/live"), HasSubstr("rtmp://example.org/live/CHANNEL"));
  EXPECT_THAT(said("rtmp://example.org:x/live/main"), HasSubstr("no port"));
  EXPECT_THAT(said("srt://example.org:8890"), HasSubstr("later release"));
  EXPECT_THAT(said("https://example.org"), HasSubstr("wss://example.org/ws"));
  EXPECT_THAT(said("example.org"), HasSubstr("no URL"));
  EXPECT_THAT(said("wss://me:secret@example.org"), HasSubstr("--token"));
  EXPECT_THAT(said("wss:///ws"), HasSubstr("no host"));
  EXPECT_THAT(said("wss://exam ple.org/ws"), HasSubstr("space"));
  EXPECT_THAT(said("ftp://example.org"), HasSubstr("wss://"));
}

TEST(WatchTarget, a_socket_is_used_as_it_is) {
  const auto target =
      watch_target("wss://h/t/abc.def/live/main/ws?latency=0", "", ViewFormat::Cmaf);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->socket_url, "wss://h/t/abc.def/live/main/ws?latency=0");
  EXPECT_EQ(target->channel, "main");
}

TEST(WatchTarget, jpeg_is_asked_for_unless_the_url_says_a_format) {
  EXPECT_EQ(watch_target("ws://h/live/a/ws", "", ViewFormat::Jpeg)->socket_url,
            "ws://h/live/a/ws?format=jpeg");
  EXPECT_EQ(watch_target("ws://h/live/a/ws?format=cmaf", "", ViewFormat::Jpeg)->socket_url,
            "ws://h/live/a/ws?format=cmaf");
}

TEST(WatchTarget, a_bare_socket_host_gets_the_path) {
  EXPECT_EQ(watch_target("ws://h:1", "b", ViewFormat::Cmaf)->socket_url, "ws://h:1/live/b/ws");
}

TEST(WatchTarget, a_page_becomes_a_play) {
  const auto target = watch_target("https://h:8443/watch/left?x=1", "", ViewFormat::Cmaf);
  ASSERT_TRUE(target);
  EXPECT_TRUE(target->socket_url.empty());
  EXPECT_EQ(target->plays_url, "https://h:8443/api/v1/plays");
  EXPECT_EQ(target->channel, "left");
  EXPECT_EQ(watch_target("http://h", "", ViewFormat::Cmaf)->channel, "main");
  EXPECT_EQ(watch_target("http://h/watch/left", "right", ViewFormat::Cmaf)->channel, "right");
}

TEST(WatchTarget, refuses_what_is_no_channel) {
  EXPECT_FALSE(watch_target("https://h/watch/a%2Fb", "", ViewFormat::Cmaf));
  EXPECT_FALSE(watch_target("rtmp://h/live", "", ViewFormat::Cmaf));
}

TEST(WatchTarget, an_address_with_a_right_in_its_path_needs_no_token) {
  EXPECT_TRUE(watch_target("wss://h/t/abc/live/main/ws", "", ViewFormat::Cmaf)->signed_path());
  EXPECT_FALSE(watch_target("wss://h/live/t/ws", "", ViewFormat::Cmaf)->signed_path());
  EXPECT_FALSE(watch_target("https://h/watch/main", "", ViewFormat::Cmaf)->signed_path());
}

TEST(SocketOfPlay, takes_paths_and_absolute_addresses) {
  const std::string asked = "https://h:8443/api/v1/plays";
  EXPECT_EQ(*socket_of_play(asked, "/t/T/live/main/ws", ViewFormat::Cmaf),
            "wss://h:8443/t/T/live/main/ws");
  EXPECT_EQ(*socket_of_play(asked, "wss://other/t/T/live/main/ws", ViewFormat::Jpeg),
            "wss://other/t/T/live/main/ws?format=jpeg");
  EXPECT_EQ(*socket_of_play("http://h/api/v1/plays", "http://h/t/T/live/main/ws", ViewFormat::Cmaf),
            "ws://h/t/T/live/main/ws");
  EXPECT_FALSE(socket_of_play(asked, "", ViewFormat::Cmaf));
  EXPECT_FALSE(socket_of_play(asked, "ftp://h/x", ViewFormat::Cmaf));
}

TEST(QueryValue, finds_whole_names_only) {
  EXPECT_EQ(query_value("xchannel=a&channel=b", "channel"), "b");
  EXPECT_EQ(query_value("channel", "channel"), "");
  EXPECT_EQ(query_value("", "channel"), "");
}

TEST(WatchTarget, licenses_are_beside_the_channel_behind_the_same_path) {
  EXPECT_EQ(*license_beside("wss://tv.example/live/main/ws?after=5"), "https://tv.example/license");
  EXPECT_EQ(*license_beside("ws://127.0.0.1:8080/t/AbC-_/live/main/ws"),
            "http://127.0.0.1:8080/t/AbC-_/license");
  EXPECT_FALSE(license_beside("nonsense"));
}

}  // namespace
}  // namespace butai::client
