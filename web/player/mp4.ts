// Reads just enough of fragmented MP4 to feed Media Source Extensions: the tracks of an init
// segment, and of each chunk its track, time, duration and the capture time in `prft`.
// Pure functions of bytes. Bad input throws Mp4Error; nothing is read outside the given bytes.
// Spec: ISO/IEC 14496-12 clauses 8.3, 8.8 and 8.16.5.

export class Mp4Error extends Error {}

export type Kind = 'video' | 'audio';

export interface Track {
  id: number;
  kind: Kind;
  timescale: number; // ticks per second
  defaultDuration: number; // ticks per sample, from trex; 0 when not given
  defaultFlags: number; // sample flags, from trex
  init: Uint8Array; // ftyp + moov of this track alone
}

export interface Chunk {
  track: number;
  start: number; // decode time of the first sample, in ticks of the track
  duration: number; // sum of the samples, ticks
  key: boolean; // starts with a sample that can be decoded alone
  lastDuration: { at: number; ticks: number } | null; // of the last sample: its field in the bytes
  prft: { capturedMicros: number; mediaTime: number } | null; // UTC of the sample at mediaTime (ticks)
}

interface Box {
  type: string;
  start: number; // of the whole box
  body: number; // after the header
  end: number;
}

const kNtpToUnixSeconds = 2_208_988_800; // 1900-01-01 to 1970-01-01

class Reader {
  readonly view: DataView;
  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(at: number): number {
    this.need(at, 1);
    return this.view.getUint8(at);
  }
  u32(at: number): number {
    this.need(at, 4);
    return this.view.getUint32(at);
  }
  // Exact up to 2^53; media times in 90 kHz ticks since 1970 are near 2^47.
  u64(at: number): number {
    return this.u32(at) * 2 ** 32 + this.u32(at + 4);
  }
  private need(at: number, count: number): void {
    if (at < 0 || at + count > this.bytes.byteLength) throw new Mp4Error('box is cut short');
  }
}

function boxes(reader: Reader, from: number, to: number): Box[] {
  const found: Box[] = [];
  let at = from;
  while (at + 8 <= to) {
    let size = reader.u32(at);
    let header = 8;
    if (size === 1) {
      size = reader.u64(at + 8);
      header = 16;
    } else if (size === 0) {
      size = to - at;
    }
    if (size < header || at + size > to) throw new Mp4Error('box is larger than its parent');
    const type = String.fromCharCode(...reader.bytes.subarray(at + 4, at + 8));
    found.push({ type, start: at, body: at + header, end: at + size });
    at += size;
  }
  return found;
}

function child(reader: Reader, parent: Box, ...path: string[]): Box {
  let box = parent;
  for (const type of path) {
    const next = boxes(reader, box.body, box.end).find((candidate) => candidate.type === type);
    if (!next) throw new Mp4Error(`no ${type} box`);
    box = next;
  }
  return box;
}

function trackId(reader: Reader, trak: Box): number {
  const tkhd = child(reader, trak, 'tkhd');
  return reader.u32(tkhd.body + (reader.u8(tkhd.body) === 1 ? 20 : 12));
}

function timescale(reader: Reader, trak: Box): number {
  const mdhd = child(reader, trak, 'mdia', 'mdhd');
  return reader.u32(mdhd.body + (reader.u8(mdhd.body) === 1 ? 20 : 12));
}

export function join(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

function boxed(type: string, pieces: Uint8Array[]): Uint8Array {
  const body = join(pieces);
  const box = new Uint8Array(8 + body.byteLength);
  new DataView(box.buffer).setUint32(0, box.byteLength);
  for (let i = 0; i < 4; i++) box[4 + i] = type.charCodeAt(i);
  box.set(body, 8);
  return box;
}

export function hasMoov(bytes: Uint8Array): boolean {
  return boxes(new Reader(bytes), 0, bytes.byteLength).some((box) => box.type === 'moov');
}

// The joint init segment cut into one per track, because a chunk holds one track only and browsers
// disagree about source buffers whose segments lack a track.
export function readInit(bytes: Uint8Array): Track[] {
  const reader = new Reader(bytes);
  const top = boxes(reader, 0, bytes.byteLength);
  const moov = top.find((box) => box.type === 'moov');
  if (!moov) throw new Mp4Error('no moov box');
  const whole = (box: Box) => bytes.subarray(box.start, box.end);
  const ftyp = top.filter((box) => box.type === 'ftyp').map(whole);
  const inside = boxes(reader, moov.body, moov.end);
  const shared = inside.filter((box) => !['trak', 'mvex'].includes(box.type)).map(whole);
  const trexes = inside
    .filter((box) => box.type === 'mvex')
    .flatMap((mvex) => boxes(reader, mvex.body, mvex.end))
    .filter((box) => box.type === 'trex');

  const tracks: Track[] = [];
  for (const trak of inside.filter((box) => box.type === 'trak')) {
    const hdlr = child(reader, trak, 'mdia', 'hdlr');
    const handler = reader.u32(hdlr.body + 8);
    const kind = handler === 0x76696465 ? 'video' : handler === 0x736f756e ? 'audio' : null;
    if (!kind) continue;
    const id = trackId(reader, trak);
    const trex = trexes.find((box) => reader.u32(box.body + 4) === id);
    if (!trex) throw new Mp4Error('track without trex');
    tracks.push({
      id,
      kind,
      timescale: timescale(reader, trak) || 1,
      defaultDuration: reader.u32(trex.body + 12),
      defaultFlags: reader.u32(trex.body + 20),
      init: join([...ftyp, boxed('moov', [...shared, whole(trak), boxed('mvex', [whole(trex)])])]),
    });
  }
  if (tracks.length === 0) throw new Mp4Error('no picture and no sound');
  return tracks;
}

function readPrft(reader: Reader, box: Box): Chunk['prft'] {
  const version = reader.u8(box.body);
  const seconds = reader.u32(box.body + 8) - kNtpToUnixSeconds;
  const fraction = reader.u32(box.body + 12) / 2 ** 32;
  return {
    capturedMicros: Math.round((seconds + fraction) * 1e6),
    mediaTime: version === 0 ? reader.u32(box.body + 16) : reader.u64(box.body + 16),
  };
}

const kNonSync = 0x00010000; // sample_is_non_sync_sample

interface Run {
  duration: number;
  count: number;
  firstFlags: number | null;
  lastDurationAt: number | null;
}

function readTrun(reader: Reader, box: Box, defaultDuration: number): Run {
  const flags = reader.u32(box.body) & 0xffffff;
  const count = reader.u32(box.body + 4);
  let at = box.body + 8 + (flags & 0x1 ? 4 : 0);
  let firstFlags: number | null = null;
  if (flags & 0x4) {
    firstFlags = reader.u32(at);
    at += 4;
  }
  const stride =
    (flags & 0x100 ? 4 : 0) +
    (flags & 0x200 ? 4 : 0) +
    (flags & 0x400 ? 4 : 0) +
    (flags & 0x800 ? 4 : 0);
  if (at + count * stride > box.end) throw new Mp4Error('trun is cut short');
  if (firstFlags === null && flags & 0x400 && count > 0) {
    firstFlags = reader.u32(at + (flags & 0x100 ? 4 : 0) + (flags & 0x200 ? 4 : 0));
  }
  let duration = defaultDuration * count;
  if (flags & 0x100) {
    duration = 0;
    for (let i = 0; i < count; i++) duration += reader.u32(at + i * stride);
  }
  const lastDurationAt = flags & 0x100 && count > 0 ? at + (count - 1) * stride : null;
  return { duration, count, firstFlags, lastDurationAt };
}

// One chunk: [styp] [prft] moof mdat. `tracks` are those of the init segment before it.
export function readChunk(bytes: Uint8Array, tracks: Track[]): Chunk {
  const reader = new Reader(bytes);
  const top = boxes(reader, 0, bytes.byteLength);
  const moof = top.find((box) => box.type === 'moof');
  if (!moof || !top.some((box) => box.type === 'mdat')) throw new Mp4Error('no moof and mdat');
  const traf = child(reader, moof, 'traf');
  const tfhd = child(reader, traf, 'tfhd');
  const flags = reader.u32(tfhd.body) & 0xffffff;
  const id = reader.u32(tfhd.body + 4);
  const track = tracks.find((candidate) => candidate.id === id);
  if (!track) throw new Mp4Error('chunk of a track that the init segment does not have');

  let at = tfhd.body + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  let defaultDuration = track.defaultDuration;
  let durationAt: number | null = null;
  if (flags & 0x8) {
    durationAt = at;
    defaultDuration = reader.u32(at);
    at += 4;
  }
  if (flags & 0x10) at += 4;
  let sampleFlags = flags & 0x20 ? reader.u32(at) : track.defaultFlags;

  const tfdt = child(reader, traf, 'tfdt');
  const start = reader.u8(tfdt.body) === 1 ? reader.u64(tfdt.body + 4) : reader.u32(tfdt.body + 4);
  let duration = 0;
  let count = 0;
  let lastAt: number | null = null;
  for (const trun of boxes(reader, traf.body, traf.end).filter((box) => box.type === 'trun')) {
    const run = readTrun(reader, trun, defaultDuration);
    duration += run.duration;
    if (count === 0 && run.firstFlags !== null) sampleFlags = run.firstFlags;
    count += run.count;
    lastAt = run.lastDurationAt;
  }
  if (lastAt === null && count === 1) lastAt = durationAt; // the default is this sample's alone
  const prft = top.find((box) => box.type === 'prft');
  return {
    track: id,
    start,
    duration,
    key: track.kind === 'audio' || (sampleFlags & kNonSync) === 0,
    lastDuration: lastAt === null ? null : { at: lastAt, ticks: reader.u32(lastAt) },
    prft: prft ? readPrft(reader, prft) : null,
  };
}

// The chunk with a longer last sample. Browsers take a distance of more than twice a picture's duration
// for a break and wait for the next key frame; cameras and screens are not that regular.
export function stretch(bytes: Uint8Array, chunk: Chunk, ticks: number): void {
  if (!chunk.lastDuration || chunk.lastDuration.ticks >= ticks) return;
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint32(
    chunk.lastDuration.at,
    ticks,
  );
}

// Moves every chunk of a segment by `ticks`, in place.
export function shiftSegment(segment: Uint8Array, ticks: number): void {
  const reader = new Reader(segment);
  for (const moof of boxes(reader, 0, segment.byteLength).filter((box) => box.type === 'moof')) {
    const tfdt = child(reader, moof, 'traf', 'tfdt').body;
    if (reader.u8(tfdt) === 1) {
      const moved = reader.u64(tfdt + 4) + ticks;
      reader.view.setUint32(tfdt + 4, Math.floor(moved / 2 ** 32));
      reader.view.setUint32(tfdt + 8, moved % 2 ** 32);
    } else {
      reader.view.setUint32(tfdt + 4, reader.u32(tfdt + 4) + ticks);
    }
  }
}
