// The server's end against what real encoders say (written down from their sources and captures),
// against our own client, and against what nobody should say.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ingest/rtmp/client_session.h"
#include "ingest/rtmp/limits.h"
#include "ingest/rtmp/server_session.h"
#include "ingest/rtmp/testing/server_recorder.h"

namespace butai::ingest::rtmp {
namespace {

using testing::RawClient;
using testing::ServerRecorder;
using Raw = std::vector<std::uint8_t>;

struct Said {
  Amf0Values values;
  std::uint32_t stream_id = 0;
};
struct Transcript {
  const char* who;
  std::vector<Said> said;
  const char* name;
  const char* query;
};

const Amf0Value kNothing;

Amf0Value connect_object(std::string_view app, std::string_view version, std::string_view url) {
  return Amf0Value::object(
      {{"app", app}, {"type", "nonprivate"}, {"flashVer", version}, {"tcUrl", url}});
}

std::vector<Transcript> transcripts() {
  const std::string_view url = "rtmp://live.example.org/live";
  return {
      {"OBS 30 (librtmp)",
       {{{"connect", 1.0, connect_object("live", "FMLE/3.0 (compatible; FMSc/1.0)", url)}},
        {{"releaseStream", 2.0, kNothing, "main?token=a.b.c"}},
        {{"FCPublish", 3.0, kNothing, "main?token=a.b.c"}},
        {{"createStream", 4.0, kNothing}},
        {{"publish", 5.0, kNothing, "main?token=a.b.c", "live"}, 1}},
       "main",
       "token=a.b.c"},
      {"ffmpeg 5.1",
       {{{"connect", 1.0, connect_object("live", "FMLE/3.0 (compatible; Lavf59.27.100)", url)}},
        {{"releaseStream", 2.0, kNothing, "main?token=a.b.c&input=b"}},
        {{"FCPublish", 3.0, kNothing, "main?token=a.b.c&input=b"}},
        {{"createStream", 4.0, kNothing}},
        {{"_checkbw", 5.0, kNothing}},
        {{"publish", 6.0, kNothing, "main?token=a.b.c&input=b", "live"}, 1}},
       "main",
       "token=a.b.c&input=b"},
      {"GStreamer rtmp2sink 1.22",
       {{{"connect", 1.0,
          Amf0Value::object({{"app", "live"},
                             {"type", "nonprivate"},
                             {"tcUrl", url},
                             {"fpad", Amf0Value::boolean(false)},
                             {"capabilities", 15.0},
                             {"audioCodecs", 4071.0},
                             {"videoCodecs", 252.0},
                             {"videoFunction", 1.0},
                             {"flashVer", "FMLE/3.0 (compatible; FMSc/1.0)"}})}},
        {{"releaseStream", 2.0, kNothing, "main"}},
        {{"FCPublish", 3.0, kNothing, "main"}},
        {{"createStream", 4.0, kNothing}},
        {{"publish", 5.0, kNothing, "main", "live"}, 1}},
       "main",
       ""},
      {"vMix and others of Adobe's FMLE family, with a stream key",
       {{{"connect", 1.0,
          Amf0Value::object({{"app", "live/"},
                             {"flashVer", "FMLE/3.0 (compatible; FMSc/1.0)"},
                             {"swfUrl", url},
                             {"tcUrl", url},
                             {"objectEncoding", 0.0}})}},
        {{"releaseStream", 2.0, kNothing, "sk_abc?input=b"}},
        {{"FCPublish", 3.0, kNothing, "sk_abc?input=b"}},
        {{"createStream", 4.0, kNothing}},
        {{"publish", 0.0, kNothing, "sk_abc?input=b", "live"}, 1}},
       "sk_abc",
       "input=b"},
      {"a hardware encoder that puts the token behind the application",
       {{{"connect", 1.0, connect_object("live?token=a.b.c", "", url)}},
        {{"createStream", 2.0, kNothing}},
        {{"publish", 3.0, kNothing, "main"}, 1}},
       "main",
       "token=a.b.c"},
  };
}

TEST(RtmpServer, real_encoders_get_to_publish) {
  for (const Transcript& transcript : transcripts()) {
    SCOPED_TRACE(transcript.who);
    ServerRecorder server;
    RawClient client(server);
    std::size_t results = 0;
    for (const Said& said : transcript.said) {
      client.command(said.values, said.stream_id);
      ASSERT_FALSE(server.session.over()) << server.session.why();
      const double number = said.values[1].number;
      for (const Amf0Values& answer : client.commands()) {
        results += answer[0].text == "_result" && answer[1].number == number ? 1U : 0U;
      }
    }
    EXPECT_GE(results, 2u) << "connect and createStream at least";
    ASSERT_EQ(server.targets.size(), 1u);
    EXPECT_EQ(server.targets[0].name, transcript.name);
    EXPECT_EQ(server.targets[0].query, transcript.query);
    EXPECT_TRUE(server.session.publishing());
    client.data({"@setDataFrame", "onMetaData", Amf0Value::object({{"framerate", 25.0}})});
    client.media(MessageType::Video, 40, {0x17, 0, 0, 0, 0});
    client.media(MessageType::Audio, 41, {0xaf, 0});
    EXPECT_EQ(server.metadata.at(0).number_of("framerate"), 25);
    ASSERT_EQ(server.media.size(), 2u);
    EXPECT_EQ(server.media[1].millis, 41);
    client.command({"FCUnpublish", 7.0, kNothing, "main"});
    client.command({"deleteStream", 8.0, kNothing, 1.0});
    EXPECT_EQ(server.unpublished, 1);
    EXPECT_FALSE(server.session.over());
  }
}

TEST(RtmpServer, a_connection_may_publish_again) {
  ServerRecorder server;
  RawClient client(server);
  client.publish("main");
  client.command({"deleteStream", 4.0, kNothing, 1.0});
  client.command({"createStream", 5.0, kNothing});
  client.command({"publish", 6.0, kNothing, "main"}, 2);
  EXPECT_TRUE(server.session.publishing());
  EXPECT_EQ(server.targets.size(), 2u);
}

// Client and server, in memory, cut into pieces.
class Talk final : public ClientListener {
 public:
  Talk(ServerRecorder& s, HandshakeForm form)
      : server(s), client(random, {"live", "rtmp://h/live", "main?token=t"}, *this, form) {}
  void on_publishing() override { publishing = true; }
  void on_refused(std::string_view code, std::string_view sentence) override {
    refusal = std::string(code) + ": " + std::string(sentence);
  }
  void run(std::size_t piece) {
    for (;;) {
      const auto up = client.take_output();
      const auto down = server.session.take_output();
      if (up.empty() && down.empty()) return;
      cut(up, piece, server.session);
      cut(down, piece, client);
    }
  }
  static void cut(const Raw& bytes, std::size_t piece, RtmpSession& to) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      to.take(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
  }
  ServerRecorder& server;
  access::testing::SeededRandom random;
  ClientSession client;
  bool publishing = false;
  std::string refusal;
};

TEST(RtmpPair, our_client_publishes_to_our_server_however_it_is_cut) {
  for (const HandshakeForm form : {HandshakeForm::Plain, HandshakeForm::Digest}) {
    for (const std::size_t piece : {1u, 997u}) {
      ServerRecorder server;
      Talk talk(server, form);
      talk.run(piece);
      ASSERT_TRUE(talk.publishing) << server.session.why() << talk.client.why();
      EXPECT_EQ(server.targets.at(0).query, "token=t");
      talk.client.send_metadata(Amf0Value::object({{"width", 640.0}}));
      Raw frame(200'000, 5);
      for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(i);
      talk.client.send(MessageType::Video, 0xff'fff0, Bytes(frame));
      talk.client.send(MessageType::Video, 0x100'0010, Bytes(frame));
      talk.client.send(MessageType::Audio, 0x100'0011, Bytes({1, 2}));
      talk.client.leave();
      talk.run(piece);
      ASSERT_EQ(server.media.size(), 3u);
      EXPECT_EQ(server.media[1].millis, 0x100'0010);
      EXPECT_EQ(server.media[1].body.text(), as_text(frame));
      EXPECT_EQ(server.metadata.size(), 1u);
      EXPECT_EQ(server.unpublished, 1);
      EXPECT_FALSE(server.session.over());
    }
  }
}

TEST(RtmpPair, a_refusal_reaches_the_client_in_words) {
  ServerRecorder server(ServerRecorder::Answer::Refuse);
  Talk talk(server, HandshakeForm::Plain);
  talk.run(997);
  EXPECT_EQ(talk.refusal, "NetStream.Publish.Denied: not you");
  EXPECT_TRUE(talk.client.over());
  EXPECT_TRUE(server.session.over());
}

TEST(RtmpServer, what_comes_before_the_answer_to_publish_waits_for_it) {
  ServerRecorder server(ServerRecorder::Answer::Later);
  RawClient client(server);
  client.publish("main");
  client.media(MessageType::Video, 0, {0x17, 0});
  client.media(MessageType::Audio, 5, {0xaf, 0});
  EXPECT_TRUE(server.media.empty());
  server.session.accept();
  ASSERT_EQ(server.media.size(), 2u);
  EXPECT_EQ(server.media[1].millis, 5);
  ServerRecorder flooded(ServerRecorder::Answer::Later);
  RawClient flood(flooded);
  flood.publish("main");
  for (std::size_t sent = 0; sent <= kHeldBytesMax; sent += 100'000) {
    flood.media(MessageType::Video, 0, Raw(100'000, 1));
  }
  EXPECT_TRUE(flooded.session.over());
}

TEST(RtmpServer, playing_is_refused_with_a_sentence) {
  ServerRecorder server;
  RawClient client(server);
  client.connect();
  client.command({"createStream", 2.0, kNothing});
  client.command({"play", 3.0, kNothing, "main"}, 1);
  const auto [code, sentence] = client.verdict();
  EXPECT_EQ(code, "NetStream.Play.Failed");
  EXPECT_NE(sentence.find("watch page"), std::string::npos);
  EXPECT_TRUE(server.session.over());
}

TEST(RtmpServer, B8_any_other_application_is_refused_before_a_path_could_be_made_of_it) {
  for (const char* app : {"live/../../../../tmp/x", "../live", "live/x", "", "LIVE", "%s%n"}) {
    ServerRecorder server;
    RawClient client(server);
    client.connect(app);
    EXPECT_EQ(client.verdict().first, "NetConnection.Connect.Rejected") << app;
    EXPECT_TRUE(server.session.over()) << app;
  }
}

TEST(RtmpServer, B7_a_hostile_word_comes_back_short_and_plain) {
  ServerRecorder server;
  RawClient client(server);
  const std::string word = std::string("a\r\n%s\x01\xff") + std::string(5000, 'x');
  client.connect(word);
  const std::string sentence = client.verdict().second;
  EXPECT_LT(sentence.size(), 200u);
  EXPECT_EQ(sentence.find('\n'), std::string::npos);
  EXPECT_EQ(sentence.find('\xff'), std::string::npos);
}

TEST(RtmpServer, commands_out_of_order_end_the_session) {
  const auto over = [](auto&& act) {
    ServerRecorder server;
    RawClient client(server);
    act(client);
    return server.session.over() && server.targets.empty();
  };
  EXPECT_TRUE(over([](RawClient& c) { c.command({"createStream", 1.0, kNothing}); }));
  EXPECT_TRUE(over([](RawClient& c) {
    c.connect();
    c.connect();
  }));
  EXPECT_TRUE(over([](RawClient& c) {
    c.connect();
    c.command({"publish", 2.0, kNothing, "main"}, 1);
  }));
  EXPECT_TRUE(over([](RawClient& c) {
    for (std::size_t i = 0; i <= kCommandsBeforePublishMax; ++i) {
      c.connect("live");
      c.command({"_checkbw", 2.0, kNothing});
    }
  }));
  EXPECT_TRUE(over([](RawClient& c) {
    c.connect();
    for (std::size_t i = 0; i <= kStreamsMax; ++i) c.command({"createStream", 2.0, kNothing});
  }));
  EXPECT_TRUE(over([](RawClient& c) { c.command({7.0, "connect"}); }));
  EXPECT_TRUE(over([](RawClient& c) {
    c.send({MessageType::Command, 3, 0, 0, Bytes({3, 0, 1, 'a', 5})});  // B6
  }));
}

TEST(RtmpServer, unreadable_metadata_is_left_aside) {
  ServerRecorder server;
  RawClient client(server);
  client.publish("main");
  client.send({MessageType::Data, 5, 1, 0, Bytes({3, 0, 1, 'a', 5})});
  client.send({MessageType::DataAmf3, 5, 1, 0, Bytes({9, 9, 9})});
  EXPECT_FALSE(server.session.over());
  client.media(MessageType::Audio, 0, {0xaf, 0});
  EXPECT_EQ(server.media.size(), 1u);
}

TEST(RtmpServer, media_before_publish_or_of_another_number_is_not_taken) {
  ServerRecorder server;
  RawClient client(server);
  client.connect();
  client.media(MessageType::Video, 0, {0x17, 0});
  client.command({"createStream", 2.0, kNothing});
  client.command({"publish", 3.0, kNothing, "main"}, 1);
  client.media(MessageType::Video, 0, {0x17, 0}, 7);
  EXPECT_TRUE(server.media.empty());
}

TEST(RtmpServer, B4_times_go_on_past_32_bits) {
  ServerRecorder server;
  RawClient client(server);
  client.publish("main");
  for (const std::uint32_t time : {0xffff'ffc0U, 0xffff'fff8U, 0x20U, 0x10U}) {
    client.media(MessageType::Audio, time, {0xaf, 1});
  }
  ASSERT_EQ(server.media.size(), 4u);
  EXPECT_EQ(server.media[2].millis, 0x1'0000'0020);
  EXPECT_EQ(server.media[3].millis, 0x1'0000'0010);
}

TEST(RtmpServer, B4_times_go_on_past_31_bits_of_an_encoder_that_writes_no_more) {
  ServerRecorder server;
  RawClient client(server);
  client.publish("main");
  // Sound is a little behind the picture where they begin anew; a restart in between stays a step back.
  const std::uint32_t last = 0x7fff'ffff;
  for (const std::uint32_t time : {last - 40, last - 60, last, 39U, last - 5, 59U, 99U, 5U, 45U}) {
    client.media(MessageType::Video, time, {0x17, 1});
  }
  std::vector<std::int64_t> heard;
  for (const auto& each : server.media) heard.push_back(each.millis);
  const std::int64_t turn = std::int64_t{1} << 31;
  EXPECT_EQ(heard, (std::vector<std::int64_t>{last - 40, last - 60, last, turn + 39, last - 5,
                                              turn + 59, turn + 99, turn + 5, turn + 45}));
}

TEST(RtmpServer, pings_are_answered_and_received_bytes_acknowledged) {
  ServerRecorder server;
  RawClient client(server);
  client.publish("main");
  client.answers();
  client.send({MessageType::UserControl, 2, 0, 0, Bytes({0, 6, 1, 2, 3, 4})});
  const auto pong = client.answers();
  ASSERT_EQ(pong.size(), 1u);
  EXPECT_EQ(pong[0].payload.text(), std::string_view("\0\7\1\2\3\4", 6));
  client.send({MessageType::WindowSize, 2, 0, 0, Bytes({0, 0, 0, 1})});
  int acknowledged = 0;
  for (int i = 0; i < 10; ++i) {
    client.media(MessageType::Video, 0, Raw(kWindowBytesMin / 2, 1));
    for (const Message& message : client.answers()) {
      acknowledged += message.type == MessageType::Acknowledgement ? 1 : 0;
    }
  }
  EXPECT_GE(acknowledged, 4);
  EXPECT_LE(acknowledged, 5);
}

TEST(RtmpServer, a_dismissed_publisher_is_told_why) {
  ServerRecorder server;
  RawClient client(server);
  client.publish("main");
  client.answers();
  server.session.refuse(kBadName, "taken over by the same publisher");
  EXPECT_EQ(client.verdict().second, "taken over by the same publisher");
  EXPECT_TRUE(server.session.over());
  client.media(MessageType::Video, 0, {0x17, 0});
  EXPECT_TRUE(server.media.empty());
}

}  // namespace
}  // namespace butai::ingest::rtmp
