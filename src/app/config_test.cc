#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "app/settings.h"

namespace butai::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A configuration file that goes with the test.
class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "butai-config-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  Expected<Config> load(const std::string& text,
                        const std::map<std::string, std::string>& environment = {}) {
    const std::string file = folder_ / "butai.toml";
    std::ofstream(file) << text;
    return load_config(file, environment);
  }
  std::string complaint(const std::string& text) {
    const auto config = load(text);
    return config ? "accepted" : config.error().sentence;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(ConfigTest, an_empty_file_is_a_good_one) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->channels_auto);
  EXPECT_EQ(config->channel("anything").access, Access::Token);
  EXPECT_EQ(config->channel_options("main")->origin, live::Origin::Configured);
  EXPECT_EQ(config->channel_options("other")->origin, live::Origin::Automatic);
}

TEST_F(ConfigTest, reads_sections_and_channels_that_are_like_others) {
  const auto config = load(R"(
[[channel]]
name = "stage"
access = "public"
latency = "stable"
[[channel]]
name = "preview"
like = "stage"
linger = "5m"
[channels]
auto = false
access = "token"
[server]
listen = "[::1]:9000"
trusted_proxies = ["10.0.0.0/8", "127.0.0.1"]
)");
  ASSERT_TRUE(config) << config.error().sentence;
  EXPECT_EQ(config->channel("preview").latency, live::Latency::Stable);
  EXPECT_EQ(config->channel("preview").access, Access::Public);
  EXPECT_EQ(config->channel("preview").linger, Seconds{300});
  EXPECT_FALSE(config->channel_options("unknown"));
  EXPECT_TRUE(config->channel_options("main")) << "main always exists";
  EXPECT_EQ(config->server.listen->host, "::1");
  EXPECT_EQ(config->server.listen->port, 9000);
  EXPECT_EQ(config->server.trusted_proxies.size(), 2u);
}

TEST_F(ConfigTest, a_ladder_is_the_default_one_or_names_renditions) {
  const auto plain = load("[channels]\nladder = \"default\"\n");
  ASSERT_TRUE(plain);
  ASSERT_EQ(plain->ladder("main").size(), 5u);
  EXPECT_EQ(plain->ladder("main")[1].name, "720p");
  const std::pair<int, std::uint32_t> most[] = {
      {1080, 4'500'000}, {720, 2'200'000}, {480, 900'000}, {240, 400'000}, {0, 64'000}};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(plain->ladder("main")[i].height, most[i].first);
    EXPECT_EQ(plain->ladder("main")[i].bitrate, most[i].second);
  }
  const auto named = load(R"(
[[rendition]]
name = "phone"
size = "426x240"
rate = 15
bitrate = 300000
[[rendition]]
name = "radio"
audio = 48000
[[channel]]
name = "stage"
ladder = ["radio", "phone"]
)");
  ASSERT_TRUE(named) << named.error().sentence;
  EXPECT_TRUE(named->ladder("main").empty());
  const auto stage = named->ladder("stage");
  ASSERT_EQ(stage.size(), 2u);
  EXPECT_EQ(stage[0].height, 240);
  EXPECT_EQ(stage[0].frames_per_second_max, 15u);
  EXPECT_EQ(stage[1].height, 0);
  EXPECT_EQ(stage[1].bitrate, 48'000u);
}

TEST_F(ConfigTest, dual_mono_is_refused_or_one_of_its_programmes_is_taken) {
  const auto config = load(R"(
[channels]
dual_mono = "main"
[[channel]]
name = "english"
dual_mono = "sub"
)");
  ASSERT_TRUE(config) << config.error().sentence;
  EXPECT_EQ(config->channel_options("main")->dual_mono, media::DualMono::Main);
  EXPECT_EQ(config->channel_options("english")->dual_mono, media::DualMono::Sub);
  EXPECT_EQ(load("")->channel_options("main")->dual_mono, media::DualMono::Refuse);
  EXPECT_THAT(complaint("[channels]\ndual_mono = \"split\"\n"), HasSubstr("\"refuse\""));
}

TEST_F(ConfigTest, two_sounds_have_a_language_each) {
  const auto config = load(R"(
[channels]
sounds = ["ja"]
[[channel]]
name = "film"
dual_mono = "both"
sounds = ["ja", "en"]
[[channel]]
name = "film-test"
like = "film"
input = "test"
)");
  ASSERT_TRUE(config) << config.error().sentence;
  EXPECT_EQ(config->channel_options("main")->sounds_taken(), 1);
  EXPECT_THAT(config->channel_options("main")->sounds, ElementsAre("ja"));
  const auto test = config->channel_options("film-test");
  EXPECT_EQ(test->dual_mono, media::DualMono::Both);
  EXPECT_EQ(test->sounds_taken(), 2);
  EXPECT_THAT(test->sounds, ElementsAre("ja", "en"));
  EXPECT_EQ(load("")->channel_options("main")->sounds_taken(), 1);
  EXPECT_THAT(complaint("[channels]\ndual_mono = \"both\"\n"), HasSubstr("sounds = "));
  EXPECT_THAT(complaint("[channels]\nsounds = [\"ja\", \"en\", \"fr\"]\n"),
              HasSubstr("one or two"));
  EXPECT_THAT(complaint("[channels]\nsounds = [\"ja nai\"]\n"), HasSubstr("languages"));
  EXPECT_THAT(complaint("[[rendition]]\nname = \"audio-2\"\naudio = 64000\n"),
              HasSubstr("audio-2"));
}

TEST_F(ConfigTest, a_test_channel_is_another_one_with_an_input_of_its_own) {
  const auto config = load(R"(
[[channel]]
name = "stage"
access = "ticket"
latency = "stable"
ladder = "default"
[[channel]]
name = "rehearsal"
like = "stage"
input = "test:1920x1080"
[[channel]]
name = "second"
like = "stage"
)");
  ASSERT_TRUE(config) << config.error().sentence;
  const ChannelConfig& rehearsal = config->channel("rehearsal");
  EXPECT_EQ(rehearsal.access, Access::Ticket);
  EXPECT_EQ(rehearsal.latency, live::Latency::Stable);
  EXPECT_EQ(config->ladder("rehearsal").size(), config->ladder("stage").size());
  ASSERT_TRUE(rehearsal.input);
  EXPECT_EQ(rehearsal.input->source, "test");
  EXPECT_EQ(rehearsal.input->height, 1080);
  EXPECT_EQ(config->test_channel_of("stage"), "rehearsal");
  EXPECT_FALSE(config->test_channel_of("rehearsal"));
  EXPECT_EQ(parse_input("file:/srv/a:b.mp4")->source, "file:/srv/a:b.mp4");
}

TEST_F(ConfigTest, a_rendition_that_cannot_be_is_named) {
  EXPECT_THAT(complaint("[channels]\nladder = [\"8k\"]\n"), HasSubstr("no [[rendition]]"));
  EXPECT_THAT(complaint("[[rendition]]\nname = \"a\"\nsize = \"100x101\"\n"),
              HasSubstr("line 3: [[rendition]] size must be a size with an even height"));
  EXPECT_THAT(complaint("[[rendition]]\nname = \"a\"\nsize = \"426x240\"\n"),
              HasSubstr("needs size and bitrate"));
  EXPECT_THAT(complaint("[[rendition]]\nname = \"video\"\naudio = 48000\n"),
              HasSubstr("not video"));
  EXPECT_THAT(complaint("[[rendition]]\nname = \"captions-ja\"\naudio = 48000\n"),
              HasSubstr("captions-"));
}

TEST_F(ConfigTest, the_environment_wins_over_the_file) {
  const auto config =
      load("[server]\nlisten = \"127.0.0.1:1\"\n",
           {{"BUTAI_SERVER_LISTEN", "127.0.0.1:2"}, {"BUTAI_AUTH_SECRET", "s3cret"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server.listen->port, 2);
  EXPECT_EQ(config->auth.secret, "s3cret");
}

TEST_F(ConfigTest, a_wrong_environment_value_is_named) {
  const auto config = load("", {{"BUTAI_CHANNELS_LATENCY", "fast"}});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().sentence, HasSubstr("BUTAI_CHANNELS_LATENCY"));
  EXPECT_THAT(config.error().sentence, HasSubstr("\"realtime\""));
}

TEST_F(ConfigTest, providers_have_a_secret_from_the_file_or_the_environment) {
  const std::string text =
      "[[oidc]]\nname = \"my-id\"\nissuer = \"https://id.example.org\"\nclient_id = \"c\"\n";
  const auto without = load(text);
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().sentence, HasSubstr("BUTAI_OIDC_MY_ID_CLIENT_SECRET"));
  const auto with = load(text, {{"BUTAI_OIDC_MY_ID_CLIENT_SECRET", "s"}});
  ASSERT_TRUE(with) << with.error().sentence;
  EXPECT_EQ(with->sign_ins.at(0).client_secret, "s");
  EXPECT_EQ(with->sign_ins.at(0).label, "my-id");
  EXPECT_EQ(unknown_environment({{"BUTAI_OIDC_MY_ID_CLIENT_SECRET", "s"}}, *with), "");
  for (const char* wrong : {"scope = \"email\"", "algorithms = [\"none\"]", "client_auth = \"jwt\"",
                            "colour = \"red\""}) {
    EXPECT_FALSE(load(text + "client_secret = \"s\"\n" + wrong + "\n")) << wrong;
  }
}

TEST_F(ConfigTest, a_mail_server_needs_to_know_who_writes) {
  EXPECT_FALSE(load("[mail]\nsmtp = \"smtp://localhost:25\"\n"));
  EXPECT_TRUE(load("[mail]\nsmtp = \"smtp://localhost:25\"\nfrom = \"B <b@example.org>\"\n"));
  EXPECT_FALSE(load("[mail]\nsmtp = \"http://localhost\"\nfrom = \"b@example.org\"\n"));
}

TEST(Environment, a_name_that_means_nothing_is_told_with_the_one_that_may_be_meant) {
  EXPECT_EQ(unknown_environment({{"BUTAI_SERVR_LISTEN", ":1"},
                                 {"BUTAI_LISTEN", ":1"},
                                 {"BUTAI_SERVER_LISTEN", ":1"},
                                 {"BUTAI_TOKEN", "t"},
                                 {"PATH", "/bin"}},
                                {}),
            "BUTAI_LISTEN "
            "BUTAI_SERVR_LISTEN; did you mean BUTAI_SERVER_LISTEN?");
  EXPECT_EQ(unknown_environment({{"BUTAI_SERVER_LISTEN", ":1"}, {"HOME", "/"}}, {}), "");
}

struct Broken {
  const char* text;
  const char* line;
  const char* instead;
};

TEST_F(ConfigTest, says_file_line_and_what_to_write_instead) {
  const Broken cases[] = {
      {"[server]\nlisten = 8080\n", "line 2", "an address and port"},
      {"[server]\n\nlissen = \"x\"\n", "line 3", "did you mean listen?"},
      {"[sever]\nlisten = \"x\"\n", "line 1", "did you mean server?"},
      {"[channels]\nlatency = \"fast\"\n", "line 2", "\"stable\", \"low\" or \"realtime\""},
      {"[channels]\nlinger = 60\n", "line 2", "\"60s\""},
      {"[channels]\nprotection = \"aes\"\n", "line 2", "\"cbcs\""},
      {"[[channel]]\naccess = \"public\"\n", "line 1", "needs name"},
      {"[[channel]]\nname = \"a b\"\n", "line 1", "letters, digits"},
      {"[[channel]]\nname = \"a\"\nlike = \"b\"\n", "line 3", "stands above it"},
      {"[[channel]]\nname = \"a\"\ninput = \"camera\"\n", "line 3", "\"file:PATH\""},
      {"[[channel]]\nname = \"a\"\ninput = \"test:7x7\"\n", "line 3", "\"test\""},
      {"[channel]\nname = \"a\"\n", "line 1", "two brackets"},
      {"[server\n", "line 1", "not TOML"},
      {"[auth]\nsecret = \"\"\n", "line 2", "32 bytes"},
      {"[server]\npublic_url = \"live.example.org/\"\n", "line 2", "without a slash"},
  };
  for (const Broken& broken : cases) {
    const std::string sentence = complaint(broken.text);
    EXPECT_THAT(sentence, HasSubstr("butai.toml, ")) << broken.text;
    EXPECT_THAT(sentence, HasSubstr(broken.line)) << broken.text;
    EXPECT_THAT(sentence, HasSubstr(broken.instead)) << broken.text;
  }
}

TEST_F(ConfigTest, a_missing_file_is_named) {
  const auto config = load_config("/nowhere/butai.toml", {});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().sentence, HasSubstr("/nowhere/butai.toml"));
}

// config/butai.toml is the manual: every setting stands in it, and nothing else does.
TEST(config_manual, names_every_setting_and_is_accepted) {
  std::ifstream file(BUTAI_SOURCE_DIR "/config/butai.toml");
  ASSERT_TRUE(file);
  std::set<std::string> manual;
  std::string section;
  std::ostringstream uncommented;
  for (std::string line; std::getline(file, line);) {
    const std::string text = line.starts_with("#") ? line.substr(1) : line;
    if (text.starts_with("[")) section = text.substr(0, text.find(']') + 1);
    if (line.starts_with("#") && (line.size() < 2 || line[1] == ' ')) continue;
    const auto equals = text.find(" = ");
    if (equals == std::string::npos && !text.starts_with("[")) continue;
    if (equals != std::string::npos && section.starts_with("[") && !section.starts_with("[[")) {
      manual.insert(section + " " + text.substr(0, equals));
    }
    uncommented << text << '\n';
  }
  std::set<std::string> known;
  for (const Setting& setting : settings()) {
    known.insert("[" + std::string(setting.section) + "] " + std::string(setting.name));
  }
  EXPECT_EQ(manual, known);

  // With every comment mark taken off it is a configuration that is accepted.
  std::string pattern = std::filesystem::temp_directory_path() / "butai-manual-XXXXXX";
  const std::filesystem::path folder = mkdtemp(pattern.data());
  std::ofstream(folder / "all.toml") << uncommented.str();
  const auto config = load_config(folder / "all.toml", {});
  EXPECT_TRUE(config) << config.error().sentence;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace butai::app
