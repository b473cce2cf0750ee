#include "media/wvtt_writer.h"

#include "media/box_writer.h"
#include "media/movie_boxes.h"

namespace butai::media {
namespace {

constexpr std::uint32_t kTextTrack = 1;                      // track_ID
constexpr std::size_t kInitSize = 640, kSegmentSize = 1024;  // bytes; guesses that save growing

void write_sample_entry(BoxWriter& out) {
  const auto stsd = out.full_box("stsd", 0, 0);
  out.u32(1);
  const auto wvtt = out.box("wvtt");
  out.zeros(6), out.u16(1);  // data_reference_index
  const auto header = out.box("vttC");
  out.text("WEBVTT");
}

void write_trak(BoxWriter& out, std::uint32_t timescale) {
  const auto trak = out.box("trak");
  {
    constexpr std::uint32_t kEnabledInMovie = 3;
    const auto tkhd = out.full_box("tkhd", 0, kEnabledInMovie);
    out.u32(0), out.u32(0), out.u32(kTextTrack), out.u32(0), out.u32(0), out.zeros(8);
    out.u16(0), out.u16(0), out.u16(0), out.u16(0);
    write_matrix(out);
    out.u32(0), out.u32(0);  // as large as the picture
  }
  const auto mdia = out.box("mdia");
  {
    const auto mdhd = out.full_box("mdhd", 0, 0);
    out.u32(0), out.u32(0), out.u32(timescale), out.u32(0);
    out.u16(0x55c4), out.u16(0);  // "und": the manifest says the language
  }
  {
    const auto hdlr = out.full_box("hdlr", 0, 0);
    out.u32(0), out.text("text"), out.zeros(12);
    out.text("captions"), out.u8(0);
  }
  const auto minf = out.box("minf");
  {
    const auto nmhd = out.full_box("nmhd", 0, 0);
  }
  write_dinf(out);
  const auto stbl = out.box("stbl");
  write_sample_entry(out);
  write_empty_tables(out);
}

void write_sample(BoxWriter& out, const WvttSample& sample) {
  if (sample.payloads.empty()) {
    const auto nothing = out.box("vtte");
  }
  for (const std::string& payload : sample.payloads) {
    const auto cue = out.box("vttc");
    const auto text = out.box("payl");
    out.text(payload);
  }
}

}  // namespace

Bytes write_wvtt_init(std::uint32_t timescale) {
  BoxWriter out(kInitSize);
  {
    const auto ftyp = out.box("ftyp");
    out.text("cwvt"), out.u32(0), out.text("cwvtcmfciso6dash");
  }
  {
    const auto moov = out.box("moov");
    write_mvhd(out);
    write_trak(out, timescale);
    const auto mvex = out.box("mvex");
    const auto trex = out.full_box("trex", 0, 0);
    out.u32(kTextTrack), out.u32(1), out.u32(0), out.u32(0), out.u32(0);
  }
  return out.take();
}

Bytes write_wvtt_segment(std::int64_t start, std::span<const WvttSample> samples,
                         std::uint32_t sequence) {
  BoxWriter media(kSegmentSize);
  std::vector<std::size_t> ends;
  for (const WvttSample& sample : samples) {
    write_sample(media, sample);
    ends.push_back(media.size());
  }
  BoxWriter out(kSegmentSize + media.size());
  std::size_t offset_at = 0;
  {
    const auto moof = out.box("moof");
    {
      const auto mfhd = out.full_box("mfhd", 0, 0);
      out.u32(sequence);
    }
    const auto traf = out.box("traf");
    {
      constexpr std::uint32_t kDefaultBaseIsMoof = 0x020000;
      const auto tfhd = out.full_box("tfhd", 0, kDefaultBaseIsMoof);
      out.u32(kTextTrack);
    }
    {
      const auto tfdt = out.full_box("tfdt", 1, 0);
      out.u64(static_cast<std::uint64_t>(start));
    }
    constexpr std::uint32_t kOffsetDurationsSizes = 0x000301;
    const auto trun = out.full_box("trun", 0, kOffsetDurationsSizes);
    out.u32(static_cast<std::uint32_t>(samples.size()));
    offset_at = out.size();
    out.u32(0);
    std::size_t from = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      out.u32(static_cast<std::uint32_t>(samples[i].duration));
      out.u32(static_cast<std::uint32_t>(ends[i] - from));
      from = ends[i];
    }
  }
  constexpr std::size_t kBoxHead = 8;
  out.patch_u32(offset_at, static_cast<std::uint32_t>(out.size() + kBoxHead));
  {
    const auto mdat = out.box("mdat");
    out.bytes(media.take());
  }
  return out.take();
}

}  // namespace butai::media
