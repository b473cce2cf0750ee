// Figures on demand (key i): what a broadcaster's engineer asks first.

import { useEffect, useState } from 'preact/hooks';
import type { Stats } from '../player/player';
import { useTexts } from '../texts/language';

const kRefreshMs = 500;

export function Panel({ stats, close }: { stats: () => Stats; close: () => void }) {
  const texts = useTexts().texts.watch;
  const [now, setNow] = useState(stats);
  useEffect(() => {
    const timer = setInterval(() => setNow(stats()), kRefreshMs);
    return () => clearInterval(timer);
  }, []);
  const seconds = (value: number | null) =>
    value === null ? texts.panel.unknown : `${value.toFixed(2)} s`;
  const rows: [string, string][] = [
    [texts.panel.latency, seconds(now.latencySeconds)],
    [texts.panel.median, seconds(now.medianLatencySeconds)],
    [texts.panel.bitrate, now.bitrate > 0 ? rate(now.bitrate) : texts.panel.unknown],
    [texts.panel.gaps, String(now.gaps)],
    [texts.panel.buffer, seconds(now.bufferSeconds)],
    [texts.panel.frames, `${now.decodedFrames} / ${now.droppedFrames}`],
    [texts.panel.resolution, now.width ? `${now.width} × ${now.height}` : texts.panel.unknown],
    [texts.panel.player, texts.players[now.player]],
    [texts.panel.state, texts.states[now.state] || texts.panel.playing],
  ];
  return (
    <aside class="panel" aria-label={texts.panel.title}>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <button class="panel-close" onClick={close} aria-label={texts.panel.close}>
        ×
      </button>
    </aside>
  );
}

function rate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e6
    ? `${(bitsPerSecond / 1e6).toFixed(2)} Mbit/s`
    : `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}
