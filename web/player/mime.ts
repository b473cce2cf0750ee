// Splits the joint MIME type of an `init` message into one per track kind.

import type { Kind } from './mp4';

const kAudio = /^(mp4a|opus|ac-3|ec-3|flac)/i;

export function mimeOf(joint: string, kind: Kind): string | null {
  const list = /codecs="?([^"]*)"?/.exec(joint)?.[1] ?? '';
  const codecs = list
    .split(',')
    .map((codec) => codec.trim())
    .filter((codec) => codec !== '' && kAudio.test(codec) === (kind === 'audio'));
  return codecs.length > 0 ? `${kind}/mp4; codecs="${codecs.join(',')}"` : null;
}
