#include "media/box_reader.h"

#include <algorithm>
#include <limits>
#include <span>

#include "media/byte_reader.h"

namespace butai::media {
namespace {

std::expected<Box, BoxError> next_box(ByteReader& reader, ByteView bytes) {
  const std::size_t start = reader.position();
  std::uint64_t size = reader.u32();
  const ByteView type = reader.bytes(4);
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  if (size == 1) size = reader.u64();
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  const std::size_t header = reader.position() - start;
  if (size == 0) size = bytes.size() - start;
  if (size < header) return std::unexpected(BoxError::BadSize);
  if (size - header > reader.left()) return std::unexpected(BoxError::Truncated);
  Box box;
  std::copy(type.begin(), type.end(), box.type.begin());
  box.whole = bytes.subspan(start, size);
  box.payload = reader.bytes(size - header);
  return box;
}

constexpr std::uint32_t kSampleIsNonSync = 0x00010000;

// What tfhd says for all samples of its traf.
struct Defaults {
  std::uint32_t duration = 0, size = 0, flags = 0;
};

struct FullBox {
  std::uint8_t version = 0;
  std::uint32_t flags = 0;
};
FullBox read_full(ByteReader& reader) {
  const std::uint32_t word = reader.u32();
  return {static_cast<std::uint8_t>(word >> 24), word & 0xffffff};
}

std::expected<Defaults, BoxError> read_tfhd(ByteView payload, ParsedChunk& chunk) {
  ByteReader reader(payload);
  const FullBox full = read_full(reader);
  chunk.track = reader.u32();
  Defaults defaults;
  if (full.flags & 0x01) return std::unexpected(BoxError::Unsupported);  // absolute base offset
  if (full.flags & 0x02) reader.skip(4);
  if (full.flags & 0x08) defaults.duration = reader.u32();
  if (full.flags & 0x10) defaults.size = reader.u32();
  if (full.flags & 0x20) defaults.flags = reader.u32();
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  return defaults;
}

std::expected<void, BoxError> read_tfdt(ByteView payload, ParsedChunk& chunk) {
  ByteReader reader(payload);
  const FullBox full = read_full(reader);
  const std::uint64_t time = full.version == 0 ? reader.u32() : reader.u64();
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  if (time > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::unexpected(BoxError::BadSize);
  }
  chunk.base_decode_time = static_cast<std::int64_t>(time);
  return {};
}

struct Run {
  std::int64_t offset = 0;  // of the first sample from the start of moof
  std::vector<std::uint32_t> sizes;
};

std::expected<Run, BoxError> read_trun(ByteView payload, const Defaults& defaults,
                                       ParsedChunk& chunk) {
  ByteReader reader(payload);
  const FullBox full = read_full(reader);
  const std::uint32_t count = reader.u32();
  if (count > kChunkSamplesMax) return std::unexpected(BoxError::TooManySamples);
  if (!(full.flags & 0x001)) return std::unexpected(BoxError::Unsupported);
  Run run;
  run.offset = static_cast<std::int32_t>(reader.u32());
  std::uint32_t first_flags = defaults.flags;
  if (full.flags & 0x004) first_flags = reader.u32();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    Sample sample;
    sample.duration = full.flags & 0x100 ? reader.u32() : defaults.duration;
    run.sizes.push_back(full.flags & 0x200 ? reader.u32() : defaults.size);
    std::uint32_t flags = i == 0 ? first_flags : defaults.flags;
    if (full.flags & 0x400) flags = reader.u32();
    sample.sync = !(flags & kSampleIsNonSync);
    if (full.flags & 0x800) {
      const std::uint32_t offset = reader.u32();
      sample.composition_offset = full.version == 0
                                      ? std::int64_t{offset}
                                      : std::int64_t{static_cast<std::int32_t>(offset)};
    }
    chunk.samples.push_back(sample);
  }
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  return run;
}

std::expected<Run, BoxError> read_traf(ByteView payload, ParsedChunk& chunk) {
  std::optional<Box> tfhd, tfdt, trun;
  bool second_run = false;
  const auto boxes = for_each_box(payload, [&](const Box& box) {
    if (box.is("tfhd")) tfhd = box;
    if (box.is("tfdt")) tfdt = box;
    if (box.is("senc")) chunk.senc = box.payload;
    if (box.is("trun")) {
      second_run = trun.has_value();
      trun = box;
    }
    return !second_run;
  });
  if (!boxes) return std::unexpected(boxes.error());
  if (second_run) return std::unexpected(BoxError::Unsupported);
  if (!tfhd || !tfdt || !trun) return std::unexpected(BoxError::MissingBox);
  const auto defaults = read_tfhd(tfhd->payload, chunk);
  if (!defaults) return std::unexpected(defaults.error());
  if (const auto time = read_tfdt(tfdt->payload, chunk); !time) {
    return std::unexpected(time.error());
  }
  return read_trun(trun->payload, *defaults, chunk);
}

std::expected<Run, BoxError> read_moof(ByteView payload, ParsedChunk& chunk) {
  std::optional<Box> mfhd, traf;
  bool second_track = false;
  const auto boxes = for_each_box(payload, [&](const Box& box) {
    if (box.is("mfhd")) mfhd = box;
    if (box.is("traf")) {
      second_track = traf.has_value();
      traf = box;
    }
    return !second_track;
  });
  if (!boxes) return std::unexpected(boxes.error());
  if (second_track) return std::unexpected(BoxError::Unsupported);
  if (!mfhd || !traf) return std::unexpected(BoxError::MissingBox);
  ByteReader reader(mfhd->payload);
  reader.skip(4);
  chunk.sequence = reader.u32();
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  return read_traf(traf->payload, chunk);
}

void read_prft(ByteView payload, ParsedChunk& chunk) {
  constexpr std::int64_t kEpochDifference = 2'208'988'800;  // seconds from 1900 to 1970
  ByteReader reader(payload);
  reader.skip(8);
  const std::uint64_t ntp = reader.u64();
  if (!reader.ok()) return;
  const std::int64_t seconds = static_cast<std::int64_t>(ntp >> 32) - kEpochDifference;
  const auto micros = static_cast<std::int64_t>((ntp & 0xffffffff) * 1'000'000 >> 32);
  chunk.captured = utc_of(seconds * 1'000'000 + micros);
}

// Gives each sample its bytes; they must lie inside the mdat.
std::expected<void, BoxError> place_samples(ByteView moof_on, const Box& moof, const Box& mdat,
                                            const Run& run, ParsedChunk& chunk) {
  const std::ptrdiff_t media = mdat.payload.data() - moof.whole.data();
  const auto media_end = media + static_cast<std::ptrdiff_t>(mdat.payload.size());
  std::int64_t at = run.offset;
  for (std::size_t i = 0; i < chunk.samples.size(); ++i) {
    const std::int64_t end = at + run.sizes[i];
    if (at < media || end > media_end) return std::unexpected(BoxError::BadOffsets);
    chunk.samples[i].bytes = moof_on.subspan(static_cast<std::size_t>(at), run.sizes[i]);
    at = end;
  }
  return {};
}

// A descriptor's length: up to four bytes of seven bits (ISO/IEC 14496-1 clause 8.3.3).
std::uint32_t descriptor_length(ByteReader& reader) {
  std::uint32_t length = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t byte = reader.u8();
    length = length << 7 | (byte & 0x7fu);
    if (!(byte & 0x80)) break;
  }
  return length;
}

// The AudioSpecificConfig inside esds: ES_Descriptor, DecoderConfigDescriptor, then it. Empty when
// the descriptors are not these.
ByteView decoder_specific_info(ByteView esds) {
  constexpr std::uint8_t kEs = 3, kDecoderConfig = 4, kDecoderSpecific = 5;
  ByteReader reader(esds);
  reader.skip(4);
  if (reader.u8() != kEs) return {};
  descriptor_length(reader);
  reader.skip(3);
  if (reader.u8() != kDecoderConfig) return {};
  descriptor_length(reader);
  reader.skip(13);
  if (reader.u8() != kDecoderSpecific) return {};
  return reader.bytes(descriptor_length(reader));
}

// What a protected entry's own boxes say. Nothing: it is encrypted in a way that we never write.
std::optional<TrackProtection> read_sinf(ByteView boxes, Codec codec) {
  constexpr std::string_view kSchm[] = {"sinf", "schm"};
  constexpr std::string_view kTenc[] = {"sinf", "schi", "tenc"};
  constexpr std::uint8_t kOneOfTen = 0x19;
  const auto schm = find_box(boxes, kSchm), tenc = find_box(boxes, kTenc);
  if (!schm || !tenc || schm->payload.size() < 8) return std::nullopt;
  const std::string_view scheme = as_text(schm->payload.subspan(4, 4));
  TrackProtection protection;
  const bool cbcs = scheme == four_characters(Scheme::Cbcs);
  if (!cbcs && scheme != four_characters(Scheme::Cenc)) return std::nullopt;
  protection.scheme = cbcs ? Scheme::Cbcs : Scheme::Cenc;
  ByteReader reader(tenc->payload);
  const std::uint8_t version = read_full(reader).version;
  reader.skip(1);
  const std::uint8_t pattern = reader.u8(), is_protected = reader.u8(), iv_size = reader.u8();
  const ByteView kid = reader.bytes(protection.kid.size());
  const ByteView iv = cbcs ? reader.bytes(reader.u8()) : ByteView{};
  const std::uint8_t usual = cbcs && codec == Codec::H264 ? kOneOfTen : 0;
  if (!reader.ok() || version > 1 || pattern != usual || is_protected != 1 ||
      iv_size != (cbcs ? 0 : 8) || (cbcs && iv.size() != protection.constant_iv.size())) {
    return std::nullopt;
  }
  std::ranges::copy(kid, protection.kid.begin());
  std::ranges::copy(iv, protection.constant_iv.begin());
  return protection;
}

// False: it is encrypted, and does not say how.
bool read_sample_entry(const Box& entry, Track& track) {
  constexpr std::size_t kVisualEntry = 78, kAudioEntry = 28;  // bytes before the entry's own boxes
  ByteReader reader(entry.payload);
  std::size_t own = kVisualEntry;
  if (entry.is("avc1") || entry.is("encv")) {  // a protected track says the rest all the same
    track.codec = Codec::H264;
    reader.skip(24);
    track.width = reader.u16();
    track.height = reader.u16();
    if (entry.payload.size() < own) return true;
    constexpr std::string_view kPath[] = {"avcC"};
    if (const auto avcc = find_box(entry.payload.subspan(own), kPath)) {
      track.config = Bytes::copy_of(avcc->payload);
    }
  } else if (entry.is("mp4a") || entry.is("enca")) {
    own = kAudioEntry;
    track.codec = Codec::Aac;
    reader.skip(16);
    track.channels = reader.u16();
    reader.skip(6);
    track.sample_rate = reader.u32() >> 16;
    if (entry.payload.size() < own) return true;
    constexpr std::string_view kPath[] = {"esds"};
    const auto esds = find_box(entry.payload.subspan(own), kPath);
    if (esds) track.config = Bytes::copy_of(decoder_specific_info(esds->payload));
  }
  if (!entry.is("encv") && !entry.is("enca")) return true;
  track.protection = read_sinf(entry.payload.subspan(own), track.codec);
  return track.protection.has_value();
}

std::optional<Track> read_trak(ByteView payload) {
  constexpr std::string_view kTkhd[] = {"tkhd"};
  constexpr std::string_view kMdhd[] = {"mdia", "mdhd"};
  constexpr std::string_view kStsd[] = {"mdia", "minf", "stbl", "stsd"};
  const auto tkhd = find_box(payload, kTkhd), mdhd = find_box(payload, kMdhd),
             stsd = find_box(payload, kStsd);
  if (!tkhd || !mdhd || !stsd || stsd->payload.size() < 8) return std::nullopt;
  Track track;
  ByteReader header(tkhd->payload);
  header.skip(read_full(header).version == 1 ? 16 : 8);
  track.id = header.u32();
  ByteReader media(mdhd->payload);
  media.skip(read_full(media).version == 1 ? 16 : 8);
  track.timescale = media.u32();
  if (!header.ok() || !media.ok() || track.timescale == 0) return std::nullopt;
  bool readable = true;
  const auto entries = for_each_box(stsd->payload.subspan(8), [&](const Box& entry) {
    readable = read_sample_entry(entry, track);
    return false;
  });
  if (!entries || !readable || track.config.empty()) return std::nullopt;
  return track;
}

}  // namespace

std::string_view sentence(BoxError error) {
  switch (error) {
    case BoxError::Truncated:
      return "an MP4 box is longer than what holds it";
    case BoxError::BadSize:
      return "an MP4 box has an impossible size or time";
      return "the MP4 boxes are nested too deeply";
    case BoxError::TooManySamples:
      return "the MP4 chunk has too many samples";
    case BoxError::MissingBox:
      return "the MP4 chunk lacks one of moof, mfhd, traf, tfhd, tfdt, trun, mdat";
    case BoxError::BadOffsets:
      return "the MP4 chunk has samples outside its mdat";
    case BoxError::Unsupported:
      return "the MP4 chunk is laid out in a way that Butai does not write";
  }
  return "the MP4 data cannot be used";
}

std::expected<void, BoxError> for_each_box(ByteView bytes,
                                           const std::function<bool(const Box&)>& visit) {
  ByteReader reader(bytes);
  while (reader.left() > 0) {
    const auto box = next_box(reader, bytes);
    if (!box) return std::unexpected(box.error());
    if (!visit(*box)) break;
  }
  return {};
}

std::optional<Box> find_box(ByteView bytes, std::span<const std::string_view> path) {
  if (path.empty() || path.size() > static_cast<std::size_t>(kBoxDepthMax)) return std::nullopt;
  std::optional<Box> found;
  const auto boxes = for_each_box(bytes, [&](const Box& box) {
    if (box.is(path.front())) found = box;
    return !found;
  });
  if (!boxes || !found || path.size() == 1) return boxes ? found : std::nullopt;
  return find_box(found->payload, path.subspan(1));
}

std::expected<ParsedChunk, BoxError> parse_chunk(ByteView bytes, ByteView* rest) {
  ParsedChunk chunk;
  std::optional<Box> moof, mdat;
  const auto boxes = for_each_box(bytes, [&](const Box& box) {
    if (box.is("prft") && !moof) read_prft(box.payload, chunk);
    if (box.is("moof") && !moof) moof = box;
    if (box.is("mdat") && moof) mdat = box;
    return !mdat;
  });
  if (!boxes) return std::unexpected(boxes.error());
  if (!moof || !mdat) return std::unexpected(BoxError::MissingBox);
  const auto run = read_moof(moof->payload, chunk);
  if (!run) return std::unexpected(run.error());
  const auto start = static_cast<std::size_t>(moof->whole.data() - bytes.data());
  if (const auto placed = place_samples(bytes.subspan(start), *moof, *mdat, *run, chunk); !placed) {
    return std::unexpected(placed.error());
  }
  if (rest != nullptr) {
    const auto end =
        static_cast<std::size_t>(mdat->whole.data() - bytes.data()) + mdat->whole.size();
    *rest = bytes.subspan(end);
  }
  return chunk;
}

std::expected<ChunkAuxiliary, BoxError> read_auxiliary(const ParsedChunk& chunk, Scheme scheme) {
  constexpr std::uint32_t kUseSubsamples = 2;
  ByteReader reader(chunk.senc);
  const FullBox full = read_full(reader);
  const std::uint32_t count = reader.u32();
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  if (count != chunk.samples.size()) return std::unexpected(BoxError::BadOffsets);
  ChunkAuxiliary auxiliary;
  auxiliary.scheme = scheme;
  for (std::uint32_t i = 0; i < count; ++i) {
    ChunkAuxiliary::Sample sample;
    if (scheme == Scheme::Cenc) sample.iv = reader.u64();
    if (full.flags & kUseSubsamples) sample.subsamples = reader.u16();
    if (sample.subsamples > kSubsamplesMax) return std::unexpected(BoxError::TooManySamples);
    for (std::size_t s = 0; s < sample.subsamples; ++s) {
      const std::uint16_t clear = reader.u16();
      auxiliary.subsamples.push_back({clear, reader.u32()});
    }
    auxiliary.samples.push_back(sample);
  }
  if (!reader.ok()) return std::unexpected(BoxError::Truncated);
  return auxiliary;
}

std::expected<std::vector<Track>, BoxError> parse_init(ByteView bytes) {
  constexpr std::string_view kMoov[] = {"moov"};
  const auto moov = find_box(bytes, kMoov);
  if (!moov) return std::unexpected(BoxError::MissingBox);
  std::vector<Track> tracks;
  bool unreadable = false;
  const auto boxes = for_each_box(moov->payload, [&](const Box& box) {
    if (!box.is("trak")) return true;
    const auto track = read_trak(box.payload);
    unreadable = !track || tracks.size() == kTracksMax;
    if (track) tracks.push_back(*track);
    return !unreadable;
  });
  if (!boxes) return std::unexpected(boxes.error());
  if (unreadable) return std::unexpected(BoxError::Unsupported);
  if (tracks.empty()) return std::unexpected(BoxError::MissingBox);
  return tracks;
}

}  // namespace butai::media
