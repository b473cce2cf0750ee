#include "load/playlist.h"

#include <gtest/gtest.h>

#include "load/fetcher.h"

namespace butai::load {
namespace {

TEST(Playlist, pictures_come_before_sound) {
  const auto paths = media_playlists(
      "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"s\",URI=\"sound/index.m3u8\"\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nvideo/index.m3u8\n",
      "/live/main/index.m3u8?keys=drm");
  ASSERT_EQ(paths.size(), 2u);
  EXPECT_EQ(paths[0], "/live/main/video/index.m3u8");
  EXPECT_EQ(paths[1], "/live/main/sound/index.m3u8");
}

TEST(Playlist, parts_of_the_open_segment_are_counted) {
  const auto list = read_media_playlist(
      "#EXTM3U\r\n#EXT-X-MEDIA-SEQUENCE:40\n#EXT-X-PART:DURATION=0.3,URI=\"a.0\"\n#EXTINF:2,\na."
      "m4s\n"
      "#EXT-X-PART:DURATION=0.3,URI=\"b.0\"\n#EXT-X-PART:DURATION=0.3,URI=\"b.1\"\n"
      "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b.2\"\n",
      "/live/main/v/index.m3u8");
  EXPECT_EQ(list.first, 40u);
  EXPECT_EQ(list.open_segment(), 41u);
  EXPECT_EQ(list.open_parts, 2u);
  ASSERT_EQ(list.segments.size(), 1u);
  EXPECT_EQ(list.segments[0], "/live/main/v/a.m4s");
}

TEST(Playlist, a_segment_begins_with_the_map_before_it) {
  const auto list = read_media_playlist(
      "#EXTM3U\n#EXT-X-MAP:URI=\"init-1.mp4\"\n#EXTINF:2,\na.m4s\n#EXT-X-DISCONTINUITY\n"
      "#EXT-X-MAP:URI=\"init-2.mp4\"\n#EXTINF:2,\nb.m4s\n#EXT-X-MAP:URI=\"init-3.mp4\"\n"
      "#EXT-X-PART:DURATION=0.3,URI=\"c.0\"\n",
      "/live/main/v/index.m3u8");
  ASSERT_EQ(list.segments.size(), 2u);
  EXPECT_EQ(list.init, "/live/main/v/init-2.mp4");
}

TEST(AnswerHead, is_read_when_it_is_whole) {
  EXPECT_EQ(read_answer_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n").bytes, 0u);
  const auto head =
      read_answer_head("HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 12\r\n\r\nbody");
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.body, 12u);
  EXPECT_EQ(head.bytes, 52u);
}

}  // namespace
}  // namespace butai::load
