// As much of ISO/IEC 14496-12 as tests look at.

const kParents = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf', 'edts']);

// [{type, start, size, body, boxes?}]
export function boxes(bytes, from = 0, to = bytes.length) {
  const found = [];
  for (let at = from; at < to; ) {
    if (to - at < 8) throw new Error(`${to - at} bytes left over after the last box`);
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size < 8 || at + size > to) throw new Error(`box ${type} at ${at} says it has ${size} bytes`);
    const box = { type, start: at, size, body: bytes.subarray(at + 8, at + size) };
    if (kParents.has(type)) box.boxes = boxes(bytes, at + 8, at + size);
    found.push(box);
    at += size;
  }
  return found;
}

export function find(list, ...path) {
  const [type, ...rest] = path;
  const found = [];
  for (const box of list) {
    if (box.type !== type) continue;
    found.push(...(rest.length ? find(box.boxes ?? [], ...rest) : [box]));
  }
  return found;
}

// {track id: timescale} of an init segment.
export function timescales(init) {
  const scales = {};
  for (const trak of find(boxes(init), 'moov', 'trak')) {
    const [tkhd] = find(trak.boxes, 'tkhd');
    const [mdhd] = find(trak.boxes, 'mdia', 'mdhd');
    const id = tkhd.body.readUInt32BE(tkhd.body[0] === 1 ? 20 : 12);
    scales[id] = mdhd.body.readUInt32BE(mdhd.body[0] === 1 ? 20 : 12);
  }
  return scales;
}

// {track, time} of each moof: the track's id and its tfdt, in ticks.
export function fragments(bytes) {
  return find(boxes(bytes), 'moof', 'traf').map((traf) => {
    const [tfhd] = find(traf.boxes, 'tfhd');
    const [tfdt] = find(traf.boxes, 'tfdt');
    const time = tfdt.body[0] === 1 ? tfdt.body.readBigUInt64BE(4) : BigInt(tfdt.body.readUInt32BE(4));
    return { track: tfhd.body.readUInt32BE(4), time };
  });
}

// {start, duration} of each moof of a track that is alone, in ticks.
export function chunks(bytes) {
  return find(boxes(bytes), 'moof', 'traf').map((traf) => {
    const [tfdt] = find(traf.boxes, 'tfdt');
    const [trun] = find(traf.boxes, 'trun');
    const [tfhd] = find(traf.boxes, 'tfhd');
    const flags = trun.body.readUInt32BE(0) & 0xffffff;
    const count = trun.body.readUInt32BE(4);
    const entry = 4 * [0x100, 0x200, 0x400, 0x800].filter((field) => flags & field).length;
    let duration = 0;
    for (let i = 0; i < count; ++i) duration += flags & 0x100 ? trun.body.readUInt32BE(12 + i * entry) : tfhd.body.readUInt32BE(8);
    return { start: Number(tfdt.body.readBigUInt64BE(4)), duration };
  });
}

export const isInit = (message) => message.toString('latin1', 4, 8) === 'ftyp';
