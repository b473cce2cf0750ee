// With ?row=1: after some seconds of playing, or when it cannot, the row for docs/device-matrix.md, to be
// copied or sent on. `butai doctor --device-matrix` prints the address.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Stats } from '../player/player';
import { protectionOf } from '../test_playback/protection';
import { useTexts } from '../texts/language';
import { rowOf, settled } from './device_row';

const kLookMs = 50;

export function DeviceRowBox({ stats }: { stats: () => Stats }) {
  const texts = useTexts().texts.watch.row;
  const [row, setRow] = useState('');
  const began = useRef(performance.now());
  const firstFrame = useRef<number | null>(null);
  useEffect(() => {
    const timer = setInterval(async () => {
      const now = stats();
      if (firstFrame.current === null && now.decodedFrames > 0) {
        firstFrame.current = Math.round(performance.now() - began.current);
      }
      if (!settled(now)) return;
      clearInterval(timer);
      setRow(
        rowOf({
          day: new Date().toISOString().slice(0, 10),
          userAgent: navigator.userAgent,
          stats: now,
          protection: await protectionOf(now.keySystem),
          firstFrameMs: firstFrame.current,
        }),
      );
    }, kLookMs);
    return () => clearInterval(timer);
  }, []);
  const copy = () => void navigator.clipboard.writeText(row);
  const send = () => void navigator.share({ text: row }).catch(() => undefined);
  return (
    <section class="device-row" aria-live="polite">
      <p>{row === '' ? texts.wait : texts.done}</p>
      {row !== '' && <code>{row}</code>}
      {row !== '' && (
        <p>
          <button class="button" onClick={copy}>
            {texts.copy}
          </button>{' '}
          {'share' in navigator && (
            <button class="button" onClick={send}>
              {texts.send}
            </button>
          )}
        </p>
      )}
    </section>
  );
}
