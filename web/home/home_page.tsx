// The foyer: what is on stage, and how to go on stage oneself.

import { useEffect, useState } from 'preact/hooks';
import { isName } from '../server/names';
import { publicChannels, type ChannelInfo } from '../server/plays';
import { useTexts } from '../texts/language';
import { Header } from '../theme/header';

const kRefreshMs = 5000;

type List = ChannelInfo[] | 'loading' | 'unreachable';

export function HomePage() {
  const { texts } = useTexts();
  const home = texts.home;
  const channels = useChannels();
  useEffect(() => {
    document.title = home.title;
  }, [home]);
  return (
    <div class="house">
      <Header />
      <main id="main" class="foyer">
        <section class="hero">
          <h1>{texts.tagline}</h1>
          <p>{home.lead}</p>
          <div class="hero-buttons">
            <a class="button button-main" href="/publish">
              {home.send}
            </a>
            <GoTo />
          </div>
        </section>
        <section aria-labelledby="on-now">
          <h2 id="on-now">{home.onNow}</h2>
          <ChannelList channels={channels} />
        </section>
        <section aria-labelledby="ways">
          <h2 id="ways">{home.ways}</h2>
          <Ways />
        </section>
      </main>
    </div>
  );
}

function useChannels(): List {
  const [channels, setChannels] = useState<List>('loading');
  useEffect(() => {
    const ask = () =>
      publicChannels().then(setChannels, () =>
        setChannels((old) => (Array.isArray(old) ? old : 'unreachable')),
      );
    void ask();
    const timer = setInterval(() => void ask(), kRefreshMs);
    return () => clearInterval(timer);
  }, []);
  return channels;
}

function ChannelList({ channels }: { channels: List }) {
  const home = useTexts().texts.home;
  if (channels === 'loading') return <p class="empty">{home.loading}</p>;
  if (channels === 'unreachable') return <p class="empty">{home.unreachable}</p>;
  if (channels.length === 0) {
    return (
      <p class="empty">
        {home.nothing}
        <br />
        {home.nothingHint}
      </p>
    );
  }
  const order = [...channels].sort((a, b) => Number(b.live) - Number(a.live));
  return (
    <ul class="bill">
      {order.map((channel) => (
        <li key={channel.name}>
          <a class={`poster ${channel.live ? 'lit' : ''}`} href={`/watch/${channel.name}`}>
            <span class="poster-stage" aria-hidden="true" />
            <span class="poster-name">{channel.name}</span>
            <span class="poster-facts">
              {channel.live ? (
                <span class="badge badge-live">{home.live}</span>
              ) : (
                <span class="badge">{home.waiting}</span>
              )}
              {channel.live && <span>{home.viewers(channel.viewers)}</span>}
              <span>{home.latency[channel.latency]}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function GoTo() {
  const home = useTexts().texts.home;
  const [name, setName] = useState('');
  return (
    <form
      class="go"
      onSubmit={(event) => {
        event.preventDefault();
        if (isName(name)) location.href = `/watch/${name}`;
      }}
    >
      <label class="unseen" for="go">
        {home.go}
      </label>
      <input
        id="go"
        placeholder={home.goHint}
        pattern="[A-Za-z0-9_\-]+"
        maxLength={64}
        required
        autocapitalize="none"
        spellcheck={false}
        value={name}
        onInput={(event) => setName(event.currentTarget.value.trim())}
      />
      <button class="button" type="submit">
        {home.goButton}
      </button>
    </form>
  );
}

function Ways() {
  const home = useTexts().texts.home;
  const socket = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws?channel=main`;
  return (
    <>
      <div class="ways">
        <article>
          <h3>{home.browserTitle}</h3>
          <p>{home.browserText}</p>
          <p>
            <a class="button" href="/publish">
              {home.browserButton}
            </a>
          </p>
        </article>
        <article>
          <h3>{home.clientTitle}</h3>
          <p>{home.clientText}</p>
          <pre>
            <code>{`butai publish camera \\\n  "${socket}" \\\n  --token "$TOKEN"`}</code>
          </pre>
        </article>
        <article>
          <h3>{home.pythonTitle}</h3>
          <p>{home.pythonText}</p>
          <pre>
            <code>{`python3 clients/python/send.py \\\n  "${socket}" \\\n  --token "$TOKEN"`}</code>
          </pre>
        </article>
      </div>
      <p class="token-note">
        {home.tokenNote} <code>butai token mint --sub me --scope "publish:main" --ttl 86400</code>
      </p>
    </>
  );
}
