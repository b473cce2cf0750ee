// While on air: how much leaves, what was dropped, and the address to hand out.

import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../texts/language';
import type { Sender } from './sender';

export function StatusLine({ sender, channel }: { sender: Sender; channel: string }) {
  const texts = useTexts().texts.publish;
  const [now, setNow] = useState(sender.stats());
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => setNow(sender.stats()), 1000);
    return () => clearInterval(timer);
  }, [sender]);
  const address = new URL(`/watch/${channel}`, location.href).href;
  const copy = () => {
    navigator.clipboard?.writeText(address).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div class="status-line">
      <p>{texts.sending(`${(now.bitrate / 1e6).toFixed(2)} Mbit/s`)}</p>
      {now.dropped > 0 && <p class="soft-trouble">{texts.dropped(now.dropped)}</p>}
      <p class="handout">
        <a href={address} target="_blank" rel="noopener">
          {texts.watchLink}
        </a>
        <button type="button" class="quiet" onClick={copy}>
          {copied ? texts.copied : texts.copyLink}
        </button>
      </p>
    </div>
  );
}
