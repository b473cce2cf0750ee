// The capture time that our clients write into a JPEG comment (COM segment): "butai-capture-us=MICROS"
// of UTC. Pure; null when there is none or the bytes are no JPEG.

export function capturedMicros(jpeg: Uint8Array): number | null {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) return null;
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1]!;
    if (marker === 0xda || marker === 0xd9) return null; // the picture itself starts
    const size = (jpeg[at + 2]! << 8) | jpeg[at + 3]!;
    if (size < 2 || at + 2 + size > jpeg.length) return null;
    if (marker === 0xfe) {
      const text = String.fromCharCode(...jpeg.subarray(at + 4, at + 2 + Math.min(size, 128)));
      const micros = /^butai-capture-us=(\d{1,16})$/.exec(text)?.[1];
      if (micros) return Number(micros);
    }
    at += 2 + size;
  }
  return null;
}

// The same picture with its capture time, after the leading APP segments, which want to be first.
export function withCaptureTime(jpeg: Uint8Array, micros: number): Uint8Array<ArrayBuffer> {
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff && (jpeg[at + 1]! & 0xf0) === 0xe0) {
    at += 2 + ((jpeg[at + 2]! << 8) | jpeg[at + 3]!);
  }
  if (at > jpeg.length) at = 2;
  const text = new TextEncoder().encode(`butai-capture-us=${micros}`);
  const whole = new Uint8Array(jpeg.length + text.length + 4);
  whole.set(jpeg.subarray(0, at));
  whole.set([0xff, 0xfe, (text.length + 2) >> 8, (text.length + 2) & 0xff], at);
  whole.set(text, at + 4);
  whole.set(jpeg.subarray(at), at + 4 + text.length);
  return whole;
}
