#include <gmock/gmock.h>

#include <algorithm>
#include <regex>

#include "media/jpeg.h"
#include "worker/testing/line_fixture.h"

namespace butai::worker::testing {
namespace {

// Sound that swells, rests and changes its colour, so that gates and filters have something to do.
const std::string kProgramme =
    "-f lavfi -i \"anoisesrc=color=pink:seed=7:duration=24:sample_rate=48000,"
    "volume='if(lt(mod(t,8),5),0.1+0.25*abs(sin(t)),0.003)':eval=frame\" "
    "-f lavfi -i \"sine=frequency=330:sample_rate=48000:duration=24,"
    "volume='0.3*abs(sin(0.7*t))':eval=frame\" ";

struct Figures {
  double integrated = 0, peak = 0;
};

// What ffmpeg's own meter says of a file.
Figures by_ffmpeg(const std::string& path) {
  const std::string text = output_of("ffmpeg -nostdin -hide_banner -i " + path +
                                     " -af ebur128=peak=true -f null - 2>&1");
  const std::string summary = text.substr(text.rfind("Summary:"));
  std::smatch found;
  Figures figures;
  if (std::regex_search(summary, found, std::regex("I: +(-?[0-9.]+) LUFS"))) {
    figures.integrated = std::stod(found[1]);
  }
  if (std::regex_search(summary, found, std::regex("Peak: +(-?[0-9.]+) dBFS"))) {
    figures.peak = std::stod(found[1]);
  }
  return figures;
}

class MeterTest : public LineTest {
 protected:
  struct Read final : LineListener {
    void on_tracks(const std::vector<media::Track>&) override {}
    void on_frame(media::Frame) override {}
    void on_loudness(const media::Loudness& told) override { all.push_back(told); }
    void on_picture(media::Picture told) override { pictures.push_back(std::move(told)); }
    void on_loss(const std::string&) override {}
    void on_complaint(const std::string& sentence) override { complaints.push_back(sentence); }
    void on_end() override { ended = true; }
    std::vector<media::Loudness> all;
    std::vector<media::Picture> pictures;
    std::vector<std::string> complaints;
    bool ended = false;
  };

  // The frames of a file, through a demuxer, to a line with this job.
  void push_all(const std::string& path, Job job) {
    open(Job::Demux);
    send(file_bytes(path));
    line->finish();
    ASSERT_TRUE(until([&] { return told.ended; }));
    LineOptions options;
    options.executable = worker_executable();
    options.job = job;
    options.label = "test/meter";
    line = std::make_unique<Line>(loop, clock, std::move(options), read);
    line->describe(told.tracks);
    for (const auto& frame : job == Job::Meter ? told.audio : told.video) {
      if (frame.key) line->push(frame);
    }
    line->finish();
    ASSERT_TRUE(until([&] { return read.ended; }));
  }

  Read read;
};

class SoundForm : public MeterTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(SoundForm, is_measured_as_ffmpeg_measures_it) {
  std::string name = GetParam();
  std::ranges::replace_if(name, [](char c) { return c == ' ' || c == ':' || c == '.'; }, '_');
  const std::string path =
      made("loud" + name + ".ts", kProgramme + "-filter_complex amix=normalize=0 " +
                                      std::string(GetParam()) + " -c:a aac -b:a 160k -f mpegts");
  push_all(path, Job::Meter);
  ASSERT_GE(read.all.size(), 23U);
  const Figures theirs = by_ffmpeg(path);
  EXPECT_LT(theirs.integrated, -10);
  EXPECT_NEAR(read.all.back().integrated, theirs.integrated, 0.1);
  EXPECT_NEAR(read.all.back().true_peak, theirs.peak, 0.3);
}
INSTANTIATE_TEST_SUITE_P(Meter, SoundForm,
                         ::testing::Values("-ac 2 -ar 48000", "-ac 1 -ar 44100",
                                           "-ac 6 -ar 48000"));

TEST_F(MeterTest, a_programme_that_begins_anew_is_measured_anew) {
  push_all(made("tone.ts", kTone + "-ac 2 -c:a aac -f mpegts"), Job::Meter);
  const double first = read.all.back().integrated;
  LineOptions options;
  options.executable = worker_executable();
  options.job = Job::Meter;
  line = std::make_unique<Line>(loop, clock, std::move(options), read);
  read.all.clear();
  for (int i = 0; i < 2; ++i) {
    line->describe(told.tracks);
    for (const auto& frame : told.audio) line->push(frame);
  }
  ASSERT_TRUE(until([&] { return read.all.size() >= 4; }));
  EXPECT_NEAR(read.all.front().integrated, first, 0.5);
}

TEST_F(MeterTest, key_frames_become_jpeg_of_their_size) {
  push_all(fragmented_mp4(), Job::Still);
  ASSERT_EQ(read.pictures.size(), 2U);
  for (const media::Picture& picture : read.pictures) {
    const auto jpeg = media::inspect_jpeg(picture.jpeg, picture.jpeg.size());
    ASSERT_TRUE(jpeg.has_value());
    EXPECT_EQ(jpeg->width, 640);
    EXPECT_EQ(jpeg->height, 360);
  }
}

TEST_F(MeterTest, a_key_frame_that_is_none_ends_with_a_sentence) {
  open(Job::Demux);
  send(file_bytes(fragmented_mp4()));
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }));
  LineOptions options;
  options.executable = worker_executable();
  options.job = Job::Still;
  line = std::make_unique<Line>(loop, clock, std::move(options), read);
  line->describe(told.tracks);
  media::Frame bad = told.video.front();
  bad.data = Bytes::copy_of(std::string_view("\0\0\0\5\x65garbage", 13));
  line->push(bad);
  EXPECT_TRUE(until([&] { return !read.complaints.empty(); }));
}

}  // namespace
}  // namespace butai::worker::testing
