// How to go on stage oneself: shown while nothing is on sale.

import { useTexts } from '../texts/language';

export function Ways() {
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
