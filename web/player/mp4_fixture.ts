// Small boxes written by hand for tests: what they need and nothing more.
function u32(...values: number[]): number[] {
  return values.flatMap((value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff));
}

function u64(value: number): number[] {
  return u32(Math.floor(value / 2 ** 32), value % 2 ** 32);
}

function box(type: string, ...body: number[][]): number[] {
  const inside = body.flat();
  return [...u32(inside.length + 8), ...[...type].map((c) => c.charCodeAt(0)), ...inside];
}

function trak(id: number, handler: string, timescale: number): number[] {
  return box(
    'trak',
    box('tkhd', u32(0, 0, 0, id)),
    box(
      'mdia',
      box('mdhd', u32(0, 0, 0, timescale)),
      box(
        'hdlr',
        u32(0, 0),
        [...handler].map((c) => c.charCodeAt(0)),
      ),
    ),
  );
}

export function init(): Uint8Array {
  const trex = (id: number) => box('trex', u32(0, id, 1, 512, 0, 0));
  return Uint8Array.from([
    ...box('ftyp', u32(1, 2)),
    ...box(
      'moov',
      box('mvhd', u32(7)),
      trak(1, 'vide', 90_000),
      trak(2, 'soun', 48_000),
      box('mvex', trex(1), trex(2)),
    ),
  ]);
}

export const kUtcTicks = 1_795_000_000 * 90_000; // needs 48 bits

export interface Wish {
  track?: number;
  defaultDuration?: number;
  durations?: number[];
  prft?: boolean;
  key?: boolean;
}

export function chunk({ track = 1, defaultDuration, durations, prft, key = true }: Wish): number[] {
  const count = durations?.length ?? 1;
  const samples = Array.from({ length: count }, (_, i) => [
    ...(durations ? u32(durations[i]!) : []),
    ...u32(100),
  ]);
  const tfhdFlags = 0x20000 | 0x20 | (defaultDuration === undefined ? 0 : 0x8);
  return [
    ...(prft
      ? box(
          'prft',
          u32(0x01000018, track, 2_208_988_800 + 1_795_000_000, 0x80000000),
          u64(kUtcTicks),
        )
      : []),
    ...box(
      'moof',
      box('mfhd', u32(0, 1)),
      box(
        'traf',
        box(
          'tfhd',
          u32(tfhdFlags, track),
          defaultDuration === undefined ? [] : u32(defaultDuration),
          u32(key ? 0 : 0x10000),
        ),
        box('tfdt', u32(0x01000000), u64(kUtcTicks)),
        box('trun', u32(0x201 | (durations ? 0x100 : 0), count, 0), samples.flat()),
      ),
    ),
    ...box('mdat', [1, 2, 3]),
  ];
}
