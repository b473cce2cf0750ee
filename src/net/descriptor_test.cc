#include "net/descriptor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/loop.h"

namespace butai::net {
namespace {

class DescriptorTest : public ::testing::Test {
 protected:
  // A socket on the loop, and its other end.
  struct Line {
    explicit Line(Loop& loop) : Line(loop, make_pair()) {}
    ~Line() { hang_up(); }
    void say(std::string_view text) const {
      ASSERT_EQ(::send(other, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    }
    void hang_up() { ::close(std::exchange(other, -1)); }
    // What is there, but never more than was asked for.
    std::string read() const {
      std::array<char, 64> bytes{};
      const ssize_t count = ::recv(ours.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      return count < 0 ? "nothing" : std::string(bytes.data(), static_cast<std::size_t>(count));
    }

    Descriptor ours;
    int other;

   private:
    Line(Loop& loop, std::array<int, 2> pair) : ours(loop, pair[0]), other(pair[1]) {}
    static std::array<int, 2> make_pair() {
      std::array<int, 2> pair{};
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
      return pair;
    }
  };

  // Until stop(), or five seconds.
  void run() {
    const auto late = loop_.after(Seconds{5}, [this] {
      ADD_FAILURE() << "nobody was told";
      loop_.stop();
    });
    loop_.run();
  }

  Loop loop_{0};
};

TEST_F(DescriptorTest, an_edge_is_what_comes_after_the_socket_was_seen_empty) {
  Line line(loop_);
  std::string read;
  line.ours.wait_readable([&] {
    read = line.read();
    line.ours.wait_readable(
        [&] {
          read += line.read();
          loop_.stop();
        },
        Wait::Edge);
    line.say(" and more");
  });
  line.say("words");
  run();
  EXPECT_EQ(read, "words and more");
}

TEST_F(DescriptorTest, a_level_is_what_is_there_already) {
  Line line(loop_);
  line.say("words");
  line.ours.wait_readable([&] {
    // Not read: a pause, say.
    line.ours.wait_readable([this] { loop_.stop(); });
  });
  run();
  EXPECT_EQ(line.read(), "words");
}

TEST_F(DescriptorTest, an_end_that_came_with_the_last_bytes_is_told_too) {
  Line line(loop_);
  line.say("last words");
  line.hang_up();
  std::string after = "not told";
  line.ours.wait_readable([&] {
    EXPECT_EQ(line.read(), "last words");
    line.ours.wait_readable(
        [&] {
          after = line.read();
          loop_.stop();
        },
        Wait::Edge);
  });
  run();
  EXPECT_EQ(after, "");
}

TEST_F(DescriptorTest, a_full_socket_has_an_edge_when_there_is_room) {
  Line line(loop_);
  const std::string much(1 << 20, 'x');
  const ssize_t taken = ::send(line.ours.fd(), much.data(), much.size(), MSG_DONTWAIT);
  ASSERT_GT(taken, 0);
  ASSERT_LT(static_cast<std::size_t>(taken), much.size());
  line.ours.wait_writable([this] { loop_.stop(); }, Wait::Edge);
  const auto reader = loop_.after(Millis{10}, [&] {
    std::string there(much.size(), ' ');
    EXPECT_EQ(::recv(line.other, there.data(), there.size(), MSG_WAITALL | MSG_DONTWAIT), taken);
  });
  run();
}

TEST_F(DescriptorTest, who_is_closed_in_the_same_turn_hears_nothing) {
  auto first = std::make_unique<Line>(loop_);
  auto second = std::make_unique<Line>(loop_);
  int told = 0;
  const auto end_of = [&](std::unique_ptr<Line>& another) {
    ++told;
    another.reset();
    loop_.post([this] { loop_.stop(); });
  };
  first->ours.wait_readable([&] { end_of(second); });
  second->ours.wait_readable([&] { end_of(first); });
  first->say("words");
  second->say("words");
  run();
  EXPECT_EQ(told, 1);
}

TEST_F(DescriptorTest, one_that_outlives_its_loop_is_closed_all_the_same) {
  auto loop = std::make_unique<Loop>(1);
  Line line(*loop);
  const auto held = std::make_shared<int>(1);
  line.ours.wait_readable([held] { ADD_FAILURE(); });
  EXPECT_EQ(held.use_count(), 2);
  loop.reset();
  EXPECT_EQ(held.use_count(), 1);
  line.ours.close();
  EXPECT_FALSE(line.ours.open());
}

}  // namespace
}  // namespace butai::net
