#include "access/jwks.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <semaphore>
#include <thread>

#include "access/refresher.h"
#include "access/testing/token_forge.h"
#include "store/files.h"
#include "store/testing/temporary_folder.h"

namespace butai::access {
namespace {

using store::testing::TemporaryFolder;
using testing::KeyPair;

// Answers each connection on 127.0.0.1 with the text it was given, then closes it.
class TextServer {
 public:
  explicit TextServer(std::string answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      ADD_FAILURE() << "no listener";
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TextServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string url(const std::string& host = "127.0.0.1") const {
    return fmt::format("http://{}:{}/keys", host, port_);
  }
  int asked() const { return asked_; }

 private:
  void serve() {
    while (true) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      ++asked_;
      char request[4096];
      if (::recv(client, request, sizeof request, 0) > 0) {
        ::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
      ::shutdown(client, SHUT_WR);
      while (::recv(client, request, sizeof request, 0) > 0) {
      }
      ::close(client);
    }
  }
  std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> asked_{0};
  std::thread thread_;
};

std::string http(std::string_view status, std::string_view more, std::string_view body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     body.size(), more, body);
}

Expected<std::string> read(const std::string& source) {
  const std::atomic<bool> stop{false};
  return read_jwks(source, stop);
}

TEST(JwksSource, S8_https_loopback_and_files_only) {
  for (const std::string good :
       {"https://id.example/keys", "http://127.0.0.1:9000/keys", "http://localhost/keys",
        "http://[::1]/keys", "/etc/keys.json", "keys.json", "file:///etc/keys.json"}) {
    EXPECT_TRUE(check_jwks_source(good)) << good;
  }
  for (const std::string bad :
       {"http://id.example/keys", "http://169.254.169.254/latest", "ftp://id.example/keys",
        "gopher://127.0.0.1/", "http://127.evil.example/keys", "http://localhost.evil.example/",
        "http://127.0.0.1@evil.example/", "https://", "dict://localhost/"}) {
    EXPECT_FALSE(check_jwks_source(bad)) << bad;
  }
}

TEST(JwksSource, downloads_from_loopback) {
  const TextServer server(http("200 OK", "", R"({"keys":[]})"));
  EXPECT_EQ(read(server.url()).value(), R"({"keys":[]})");
  EXPECT_EQ(server.asked(), 1);
}

TEST(JwksSource, S8_does_not_follow_redirects) {
  const TextServer target(http("200 OK", "", "{}"));
  const TextServer server(http("302 Found", "Location: " + target.url() + "\r\n", ""));
  const auto refused = read(server.url());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("302"), std::string::npos);
  EXPECT_EQ(target.asked(), 0);
}

TEST(JwksSource, takes_at_most_256_kib) {
  const TextServer fits(http("200 OK", "", std::string(kJwksBytesMax, ' ')));
  EXPECT_TRUE(read(fits.url()));
  const TextServer large(http("200 OK", "", std::string(kJwksBytesMax + 1, ' ')));
  const auto refused = read(large.url());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("256 KiB"), std::string::npos);
}

TEST(JwksSource, other_answers_are_failures) {
  EXPECT_FALSE(read(TextServer(http("500 Oops", "", R"({"keys":[]})")).url()));
  EXPECT_FALSE(read(TextServer("nonsense\r\n\r\n").url()));
  EXPECT_FALSE(read("/absent/keys.json"));
}

TEST(FetchScheduleTest, five_minutes_after_success_and_thirty_seconds_after_failure) {
  const Steady start{};
  FetchSchedule schedule(start);
  EXPECT_EQ(schedule.next(), start);
  schedule.fetched(start);
  EXPECT_EQ(schedule.next(), start + Seconds{300});
  schedule.failed(start + Seconds{300});
  EXPECT_EQ(schedule.next(), start + Seconds{330});
}

TEST(FetchScheduleTest, unknown_kids_fetch_at_most_every_thirty_seconds) {
  const Steady start{};
  FetchSchedule schedule(start);
  schedule.fetched(start);
  schedule.missing(start + Seconds{1});
  EXPECT_EQ(schedule.next(), start + Seconds{30});
  schedule.missing(start + Seconds{2});
  EXPECT_EQ(schedule.next(), start + Seconds{30});
  schedule.fetched(start + Seconds{30});
  schedule.missing(start + Seconds{100});
  EXPECT_EQ(schedule.next(), start + Seconds{100});
}

TEST(FetchScheduleTest, reload_is_at_once) {
  const Steady start{};
  FetchSchedule schedule(start);
  schedule.fetched(start);
  schedule.reload(start + Seconds{5});
  EXPECT_EQ(schedule.next(), start + Seconds{5});
}

class JwksTest : public ::testing::Test {
 protected:
  // Waits until the fetches of one result have reached `count`.
  bool wait_for(const std::string& result, double count) {
    auto& counter = metrics.counter("butai_jwks_fetches_total",
                                    "Fetches of foreign keys, by result.", {{"result", result}});
    const Steady end = clock.steady() + Seconds{10};
    while (counter.Value() < count && clock.steady() < end) std::this_thread::yield();
    return counter.Value() >= count;
  }
  std::vector<std::string> kids() const {
    std::vector<std::string> names;
    for (const Key& key : *ring.keys()) names.push_back(key.kid);
    return names;
  }
  using List = std::vector<std::string>;

  TemporaryFolder folder;
  std::string file = folder.path() + "/keys.json";
  SystemClock clock;
  Metrics metrics;
  KeyRing ring{key_of(Secret("CNRY-jwks-0123456789abcdef0123456789abcdef"))};
  KeyPair pair = KeyPair::ec("P-256");
};

TEST_F(JwksTest, file_is_read_at_start_and_on_reload) {
  ASSERT_TRUE(store::write_file(file, as_bytes("{\"keys\":[" + pair.jwk("one") + "]}")));
  const auto jwks = Jwks::start(file, ring, clock, metrics);
  ASSERT_TRUE(jwks) << jwks.error().sentence;
  ASSERT_TRUE(wait_for("good", 1));
  EXPECT_EQ(kids(), (List{"butai", "one"}));
  ASSERT_TRUE(store::write_file(file, as_bytes("{\"keys\":[" + pair.jwk("two") + "]}")));
  (*jwks)->reload();
  ASSERT_TRUE(wait_for("good", 2));
  EXPECT_EQ(kids(), (List{"butai", "two"}));
}

TEST_F(JwksTest, known_keys_stay_when_the_source_breaks) {
  ASSERT_TRUE(store::write_file(file, as_bytes("{\"keys\":[" + pair.jwk("one") + "]}")));
  const auto jwks = Jwks::start(file, ring, clock, metrics);
  ASSERT_TRUE(wait_for("good", 1));
  for (const std::string_view broken : {"", "{", R"({"keys":[]})"}) {
    ASSERT_TRUE(store::write_file(file, as_bytes(broken)));
    (*jwks)->reload();
  }
  ASSERT_TRUE(wait_for("failed", 1));
  EXPECT_EQ(kids(), (List{"butai", "one"}));
}

TEST_F(JwksTest, keys_are_fetched_over_http) {
  const TextServer server(http("200 OK", "", "{\"keys\":[" + pair.jwk("web") + "]}"));
  const auto jwks = Jwks::start(server.url(), ring, clock, metrics);
  ASSERT_TRUE(jwks);
  ASSERT_TRUE(wait_for("good", 1));
  EXPECT_EQ(kids(), (List{"butai", "web"}));
}

TEST_F(JwksTest, bad_address_is_refused_at_start) {
  EXPECT_FALSE(Jwks::start("http://id.example/keys", ring, clock, metrics));
}

}  // namespace
}  // namespace butai::access
