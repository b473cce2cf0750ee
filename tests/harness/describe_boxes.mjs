// The boxes of a fragmented file as lines "path field" -> value, of the first fragment only; what
// encryption and decryption look at is spelled out.
const kParents = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf', 'edts', 'dinf', 'sinf', 'schi']);
const kEntries = { encv: 78, avc1: 78, enca: 28, mp4a: 28 }; // bytes before the boxes inside

export function describeBoxes(bytes) {
  const found = new Map();
  const state = { ivBytes: 0, fragments: 0 };
  walk(bytes, 0, bytes.length, '', found, state);
  return found;
}

function walk(bytes, from, to, parent, found, state) {
  for (let at = from; at + 8 <= to; ) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const path = parent ? `${parent}/${type}` : type;
    const body = bytes.subarray(at + 8, at + size);
    if (type === 'moof' && ++state.fragments > 1) return;
    const note = (field, value) => found.set(`${path} ${field}`, String(value));
    if (type !== 'mdat') note('bytes', size);
    if (kParents.has(type)) walk(bytes, at + 8, at + size, path, found, state);
    else if (type === 'stsd') walk(bytes, at + 16, at + size, path, found, state);
    else if (type in kEntries) walk(bytes, at + 8 + kEntries[type], at + size, path, found, state);
    else tell[type]?.(body, note, state);
    at += size;
  }
}

const hex = (bytes, from, to) => bytes.toString('hex', from, to);
const tell = {
  ftyp: (b, note) => note('brands', b.toString('latin1', 0, 4) + b.toString('latin1', 8)),
  frma: (b, note) => note('format', b.toString('latin1')),
  schm: (b, note) => note('scheme', `${b.toString('latin1', 4, 8)} ${hex(b, 8, 12)}`),
  tenc: (b, note, state) => {
    state.ivBytes = b[7];
    note('version', b[0]);
    note('pattern', b[5].toString(16).padStart(2, '0'));
    note('protected', b[6]);
    note('iv_bytes', b[7]);
    note('kid', hex(b, 8, 24));
    if (b[7] === 0) note('constant_iv', hex(b, 25, 25 + b[24]));
  },
  pssh: (b, note) => {
    note('version', b[0]);
    note('system', hex(b, 4, 20));
    if (b[0] === 1) note('kids', b.readUInt32BE(20));
  },
  tfhd: (b, note) => note('flags', hex(b, 1, 4)),
  trun: (b, note) => {
    note('flags', hex(b, 1, 4));
    note('samples', b.readUInt32BE(4));
  },
  saiz: (b, note) => {
    note('default', b[4]);
    note('samples', b.readUInt32BE(5));
  },
  saio: (b, note) => note('offset', b.readUInt32BE(8)),
  senc: (b, note, state) => {
    const subsamples = b[3] & 2;
    note('flags', hex(b, 1, 4));
    note('samples', b.readUInt32BE(4));
    note('iv_bytes', state.ivBytes);
    if (!subsamples || b.readUInt32BE(4) === 0) return;
    const at = 8 + state.ivBytes;
    const count = b.readUInt16BE(at);
    note('first', Array.from({ length: count }, (_, i) => `${b.readUInt16BE(at + 2 + 6 * i)}+${b.readUInt32BE(at + 4 + 6 * i)}`).join(' '));
  },
};
