// With ?row=1: after some seconds of playing, or when it cannot, the row for docs/device-matrix.md goes to
// the server, where `butai doctor --device-matrix` waits for it, and can be copied or sent on.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Stats } from '../player/player';
import { protectionOf } from '../test_playback/protection';
import { useTexts } from '../texts/language';
import { tellDeviceRow, type Play } from '../server/plays';
import { deviceRow, settled, textOfRow } from './device_row';

const kLookMs = 50;

interface Look {
  stats: () => Stats;
  play: () => Play | null; // whose row it is
}

export function DeviceRowBox({ stats, play }: Look) {
  const texts = useTexts().texts.watch.row;
  const [row, setRow] = useState('');
  const [told, setTold] = useState(false);
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
      const made = deviceRow({
        day: new Date().toISOString().slice(0, 10),
        userAgent: navigator.userAgent,
        stats: now,
        protection: await protectionOf(now.keySystem),
        firstFrameMs: firstFrame.current,
      });
      setRow(textOfRow(made));
      const whose = play();
      if (whose)
        await tellDeviceRow(whose, made).then(
          () => setTold(true),
          () => undefined,
        );
    }, kLookMs);
    return () => clearInterval(timer);
  }, []);
  const copy = () => void navigator.clipboard.writeText(row);
  const send = () => void navigator.share({ text: row }).catch(() => undefined);
  return (
    <section class="device-row" aria-live="polite">
      <p>{row === '' ? texts.wait : told ? texts.told : texts.done}</p>
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
