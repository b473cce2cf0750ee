// Asked when the server wants a token, or did not like the one it got.

import { useState } from 'preact/hooks';
import { useTexts } from '../texts/language';

export function TokenForm({ tried, submit }: { tried: boolean; submit: (token: string) => void }) {
  const texts = useTexts().texts.watch;
  const [token, setToken] = useState('');
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        submit(token.trim());
      }}
    >
      <div class="field">
        <label for="token">{texts.tokenLabel}</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          value={token}
          aria-describedby="token-help"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <small id="token-help">{tried ? texts.tokenBad : texts.tokenHelp}</small>
      </div>
      <button class="button button-main" type="submit">
        {texts.tokenButton}
      </button>
    </form>
  );
}
