#include "media/cmaf_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "media/aac.h"
#include "media/box_writer.h"
#include "media/h264.h"
#include "media/movie_boxes.h"
#include "media/protection_writer.h"

namespace butai::media {
namespace {

constexpr std::size_t kInitSizePerTrack = 1024;  // bytes; a guess that saves growing, not a bound

constexpr std::uint32_t kSyncSample = 0x02000000;       // sample_depends_on 2: on no other
constexpr std::uint32_t kDependentSample = 0x01010000;  // sample_depends_on 1, is_non_sync

// --- Init segment ----------------------------------------------------------------------------

void write_ftyp(BoxWriter& out, std::span<const Track> tracks) {
  const auto ftyp = out.box("ftyp");
  // CMAF's brand speaks of a file with one track; the joint header only promises ISO base media.
  out.text(tracks.size() == 1 ? "cmfc" : "iso6");
  out.u32(0);
  out.text("iso6");
  if (tracks.size() == 1) out.text("cmfc");
  out.text("mp41dash");
  if (std::ranges::any_of(tracks, [](const Track& t) { return t.codec == Codec::H264; })) {
    out.text("avc1");
  }
}

void write_tkhd(BoxWriter& out, const Track& track, Rational aspect) {
  constexpr std::uint32_t kEnabledInMovie = 3;
  const auto tkhd = out.full_box("tkhd", 0, kEnabledInMovie);
  out.u32(0), out.u32(0), out.u32(iso_track_id(track.codec)), out.u32(0), out.u32(0), out.zeros(8);
  out.u16(0), out.u16(0);
  out.u16(track.codec == Codec::Aac ? 0x100 : 0), out.u16(0);
  write_matrix(out);
  const std::uint64_t width =
      aspect.num == 0 ? track.width : std::uint64_t{track.width} * aspect.num / aspect.den;
  out.u32(static_cast<std::uint32_t>(std::min<std::uint64_t>(width, 0xffff) << 16));
  out.u32(std::uint32_t{track.height} << 16);
}

void write_btrt(BoxWriter& out, const Track& track) {
  if (track.bitrate == 0) return;
  const auto btrt = out.box("btrt");
  out.u32(0), out.u32(track.bitrate), out.u32(track.bitrate);
}

void write_colour(BoxWriter& out, const Colour& colour) {
  const auto colr = out.box("colr");
  out.text("nclx");
  out.u16(colour.primaries), out.u16(colour.transfer), out.u16(colour.matrix);
  out.u8(colour.full_range ? 0x80 : 0);
}

void write_avc1(BoxWriter& out, const Track& track, const Sps& sps) {
  const auto avc1 = out.box(track.protection ? "encv" : "avc1");
  out.zeros(6), out.u16(1);  // data_reference_index
  out.zeros(16);
  out.u16(track.width), out.u16(track.height);
  out.u32(0x480000), out.u32(0x480000);  // 72 dpi
  out.u32(0), out.u16(1);                // one frame per sample
  out.zeros(32);                         // compressorname
  out.u16(0x18), out.u16(0xffff);
  {
    const auto avcc = out.box("avcC");
    out.bytes(track.config);
  }
  if (sps.sample_aspect.num != 0 && sps.sample_aspect.num != sps.sample_aspect.den) {
    const auto pasp = out.box("pasp");
    out.u32(sps.sample_aspect.num), out.u32(sps.sample_aspect.den);
  }
  if (sps.colour) write_colour(out, *sps.colour);
  write_btrt(out, track);
  if (track.protection) write_sinf(out, "avc1", *track.protection);
}

// Descriptors of ISO/IEC 14496-1 clause 7.2.6; all are shorter than 128 bytes (kAudioConfigMax).
void write_esds(BoxWriter& out, const Track& track) {
  const auto config = static_cast<std::uint8_t>(track.config.size());
  const auto decoder = static_cast<std::uint8_t>(13 + 2 + config);
  const auto esds = out.full_box("esds", 0, 0);
  out.u8(3), out.u8(static_cast<std::uint8_t>(3 + 2 + decoder + 3));  // ES_Descriptor
  out.u16(0), out.u8(0);       // ES_ID 0 in a file; no dependence, URL, OCR
  out.u8(4), out.u8(decoder);  // DecoderConfigDescriptor
  out.u8(0x40), out.u8(0x15);  // MPEG-4 audio; audio stream, reserved bit
  out.u8(0), out.u16(0);       // bufferSizeDB: not said
  out.u32(track.bitrate), out.u32(track.bitrate);
  out.u8(5), out.u8(config);  // DecoderSpecificInfo
  out.bytes(track.config);
  out.u8(6), out.u8(1), out.u8(2);  // SLConfigDescriptor: MP4
}

void write_mp4a(BoxWriter& out, const Track& track) {
  const auto mp4a = out.box(track.protection ? "enca" : "mp4a");
  out.zeros(6), out.u16(1);
  out.zeros(8);
  out.u16(track.channels), out.u16(16), out.u16(0), out.u16(0);
  // 16.16; rates beyond 65535 Hz do not fit and are told by the AudioSpecificConfig alone.
  out.u32(track.sample_rate <= 0xffff ? track.sample_rate << 16 : 0);
  write_esds(out, track);
  write_btrt(out, track);
  if (track.protection) write_sinf(out, "mp4a", *track.protection);
}

void write_stbl(BoxWriter& out, const Track& track, const Sps& sps) {
  const auto stbl = out.box("stbl");
  {
    const auto stsd = out.full_box("stsd", 0, 0);
    out.u32(1);
    if (track.codec == Codec::H264) {
      write_avc1(out, track, sps);
    } else {
      write_mp4a(out, track);
    }
  }
  write_empty_tables(out);
}

void write_media_header(BoxWriter& out, const Track& track) {
  const auto mdhd = out.full_box("mdhd", 0, 0);
  out.u32(0), out.u32(0), out.u32(track.timescale), out.u32(0);
  out.u16(0x55c4), out.u16(0);  // "und"
}

void write_handler(BoxWriter& out, const Track& track) {
  const auto hdlr = out.full_box("hdlr", 0, 0);
  const bool video = track.codec == Codec::H264;
  out.u32(0), out.text(video ? "vide" : "soun"), out.zeros(12);
  out.text(video ? "video" : "audio"), out.u8(0);
}

void write_trak(BoxWriter& out, const Track& track) {
  const Sps sps = track.codec == Codec::H264 ? sps_of(track.config).value_or(Sps{}) : Sps{};
  const auto trak = out.box("trak");
  write_tkhd(out, track, sps.sample_aspect);
  const auto mdia = out.box("mdia");
  write_media_header(out, track);
  write_handler(out, track);
  const auto minf = out.box("minf");
  if (track.codec == Codec::H264) {
    const auto vmhd = out.full_box("vmhd", 0, 1);
    out.zeros(8);
  } else {
    const auto smhd = out.full_box("smhd", 0, 0);
    out.zeros(4);
  }
  write_dinf(out);
  write_stbl(out, track, sps);
}

void write_mvex(BoxWriter& out, std::span<const Track> tracks) {
  const auto mvex = out.box("mvex");
  for (const Track& track : tracks) {
    const auto trex = out.full_box("trex", 0, 0);
    out.u32(iso_track_id(track.codec)), out.u32(1), out.u32(0), out.u32(0), out.u32(0);
  }
}

// --- Chunk -----------------------------------------------------------------------------------

constexpr std::size_t kPrftSize = 12 + 4 + 8 + 8;
constexpr std::size_t kMoofFixedSize = 8 + 16 + 8 + 24 + 20 + 20;  // moof mfhd traf tfhd tfdt trun

constexpr std::uint32_t kTfhdFlags = 0x020028;  // default-base-is-moof, default duration and flags
constexpr std::uint32_t kTrunOffsetAndSizes = 0x000201;
constexpr std::uint32_t kTrunDurations = 0x000100;
constexpr std::uint32_t kTrunFlags = 0x000400;
constexpr std::uint32_t kTrunCompositionOffsets = 0x000800;

std::uint32_t sample_flags(const Frame& frame) {
  return frame.key || frame.track == kAudioTrack ? kSyncSample : kDependentSample;
}

// Which fields the samples do not share with the first.
std::uint32_t trun_flags(std::span<const Frame> frames) {
  std::uint32_t flags = kTrunOffsetAndSizes;
  for (const Frame& frame : frames) {
    if (frame.duration != frames.front().duration) flags |= kTrunDurations;
    if (sample_flags(frame) != sample_flags(frames.front())) flags |= kTrunFlags;
    if (frame.pts != frame.dts) flags |= kTrunCompositionOffsets;
  }
  return flags;
}

std::size_t trun_entry_size(std::uint32_t flags) {
  return 4u + ((flags & kTrunDurations) ? 4u : 0u) + ((flags & kTrunFlags) ? 4u : 0u) +
         ((flags & kTrunCompositionOffsets) ? 4u : 0u);
}

// Seconds since 1900 and their fraction in 2^-32 (RFC 5905 clause 6).
std::uint64_t ntp_of(Utc when) {
  constexpr std::int64_t kEpochDifference = 2'208'988'800;  // seconds from 1900 to 1970
  const std::int64_t micros = micros_of(when);
  const auto seconds = static_cast<std::uint64_t>(micros / 1'000'000 + kEpochDifference);
  const auto fraction = static_cast<std::uint64_t>(micros % 1'000'000);
  // Rounded up, so that reading it back gives the same microsecond.
  return seconds << 32 | ((fraction << 32) + 999'999) / 1'000'000;
}

void write_prft(BoxWriter& out, const Track& track, const Frame& first) {
  constexpr std::uint32_t kCaptured = 24;
  const auto prft = out.full_box("prft", 1, kCaptured);
  out.u32(iso_track_id(track.codec));
  out.u64(ntp_of(first.captured));
  out.u64(static_cast<std::uint64_t>(first.pts));
}

void write_trun(BoxWriter& out, std::span<const Frame> frames, std::uint32_t flags,
                std::uint32_t offset) {
  const auto trun = out.full_box("trun", 1, flags);
  out.u32(static_cast<std::uint32_t>(frames.size()));
  out.u32(offset);
  for (const Frame& frame : frames) {
    if (flags & kTrunDurations) out.u32(static_cast<std::uint32_t>(frame.duration));
    out.u32(static_cast<std::uint32_t>(frame.data.size()));
    if (flags & kTrunFlags) out.u32(sample_flags(frame));
    if (flags & kTrunCompositionOffsets) {
      out.u32(static_cast<std::uint32_t>(static_cast<std::int32_t>(frame.pts - frame.dts)));
    }
  }
}

}  // namespace

Bytes write_init(std::span<const Track> tracks, std::span<const KeyId> kids) {
  BoxWriter out(kInitSizePerTrack * tracks.size());
  write_ftyp(out, tracks);
  {
    const auto moov = out.box("moov");
    write_mvhd(out);
    for (const Track& track : tracks) write_trak(out, track);
    write_mvex(out, tracks);
    if (!kids.empty()) write_common_pssh(out, kids);
  }
  return out.take();
}

namespace {

std::size_t size_of(std::span<const Frame> frames) {
  std::size_t size = 0;
  for (const Frame& frame : frames) size += frame.data.size();
  return size;
}

// Everything before the first sample; with room for `more` behind it. `auxiliary` null: a clear track.
BoxWriter write_head(const Track& track, std::span<const Frame> frames, std::uint32_t sequence,
                     const ChunkAuxiliary* auxiliary, CaptureTime capture_time, std::size_t more) {
  const Frame& first = frames.front();
  const bool with_prft = capture_time == CaptureTime::Write && first.captured != Utc{};
  const std::uint32_t flags = trun_flags(frames);
  const std::size_t clear_moof = kMoofFixedSize + frames.size() * trun_entry_size(flags);
  const std::size_t moof_size = clear_moof + (auxiliary ? auxiliary_size(*auxiliary) : 0);
  const std::size_t media_size = size_of(frames);
  const std::size_t size = (with_prft ? kPrftSize : 0) + moof_size + 8;
  BoxWriter out(size + more);
  if (with_prft) write_prft(out, track, first);
  {
    const auto moof = out.box("moof");
    {
      const auto mfhd = out.full_box("mfhd", 0, 0);
      out.u32(sequence);
    }
    const auto traf = out.box("traf");
    {
      const auto tfhd = out.full_box("tfhd", 0, kTfhdFlags);
      out.u32(iso_track_id(track.codec));
      out.u32(static_cast<std::uint32_t>(first.duration));
      out.u32(sample_flags(first));
    }
    {
      const auto tfdt = out.full_box("tfdt", 1, 0);
      out.u64(static_cast<std::uint64_t>(first.dts));
    }
    write_trun(out, frames, flags, static_cast<std::uint32_t>(moof_size + 8));
    if (auxiliary) write_auxiliary(out, *auxiliary, clear_moof);
  }
  out.u32(static_cast<std::uint32_t>(8 + media_size));
  out.text("mdat");
  assert(out.size() == size);  // data_offset is right
  return out;
}

}  // namespace

Bytes write_chunk(const Track& track, std::span<const Frame> frames, std::uint32_t sequence,
                  CaptureTime capture_time) {
  assert(!track.protection);
  const bool alone = frames.size() == 1;
  const std::size_t more = alone ? 0 : size_of(frames);
  BoxWriter out = write_head(track, frames, sequence, nullptr, capture_time, more);
  if (alone) {
    if (auto whole = frames.front().data.with_head(out.written())) return std::move(*whole);
  }
  for (const Frame& frame : frames) out.bytes(frame.data);
  return out.take();
}

ChunkLayout lay_out_chunk(const Track& track, std::span<const Frame> frames, std::uint32_t sequence,
                          const ChunkAuxiliary& auxiliary, CaptureTime capture_time) {
  assert(auxiliary.samples.size() == frames.size());
  BoxWriter out = write_head(track, frames, sequence, &auxiliary, capture_time, size_of(frames));
  const std::size_t media = out.size();
  for (const Frame& frame : frames) out.bytes(frame.data);
  return {out.take_vector(), media};
}

std::string codec_string(const Track& track) {
  if (track.codec == Codec::Aac) {
    const auto config = parse_aac_config(track.config);
    return fmt::format("mp4a.40.{}", config ? config->object_type : 2);
  }
  const ByteView record = track.config;
  if (record.size() < 4) return "avc1";
  return fmt::format("avc1.{:02x}{:02x}{:02x}", record[1], record[2], record[3]);
}

}  // namespace butai::media
