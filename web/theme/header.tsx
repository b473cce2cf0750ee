// The line at the top of every page: where you are, your tickets and account, and the other language.

import { useEffect, useRef } from 'preact/hooks';
import { signOut } from '../server/sale';
import { useSessionAnswer } from '../server/use_answer';
import type { Account } from '../server/ask';
import { setLanguage, useTexts } from '../texts/language';

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#17141c" />
      <path d="M6 7h20v3H6z" fill="#e9b872" />
      <path d="M6 10c5 3 6 8 6 14H6z" fill="#d9472b" />
      <path d="M26 10c-5 3-6 8-6 14h6z" fill="#d9472b" />
      <path d="M16 12.5 20.5 24h-9z" fill="#f6e7c8" />
      <path d="M5 24h22v2H5z" fill="#e9b872" />
    </svg>
  );
}

export function Header({ account = true }: { account?: boolean }) {
  const { texts, language } = useTexts();
  const other = language === 'ja' ? 'en' : 'ja';
  return (
    <>
      <a class="skip" href="#main">
        {texts.skip}
      </a>
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          {texts.product}
          <small lang="ja">舞台</small>
        </a>
        <nav class="top-links" aria-label={texts.menu}>
          {account && <AccountLinks />}
          <button
            class="quiet"
            type="button"
            lang={other}
            aria-label={texts.switchLanguage}
            onClick={() => setLanguage(other)}
          >
            {texts.otherLanguage}
          </button>
        </nav>
      </header>
    </>
  );
}

function AccountLinks() {
  const { texts } = useTexts();
  const { answer } = useSessionAnswer();
  if (!answer) return null;
  if (answer.account) return <AccountMenu account={answer.account} />;
  if (location.pathname === '/sign-in') return null;
  const next = encodeURIComponent(location.pathname + location.search);
  return (
    <a class="quiet" href={`/sign-in?next=${next}`}>
      {texts.signIn}
    </a>
  );
}

function AccountMenu({ account }: { account: Account }) {
  const { texts } = useTexts();
  const name = account.name || account.email || '';
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!menu.current!.contains(event.target as Node)) menu.current!.open = false;
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key === 'Escape') menu.current!.open = false;
    };
    addEventListener('pointerdown', outside);
    addEventListener('keydown', escape);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('keydown', escape);
    };
  }, []);
  const leave = async (where: 'here' | 'everywhere') => {
    await signOut(where).catch(() => undefined);
    location.href = '/';
  };
  return (
    <>
      <a class="quiet" href="/tickets">
        {texts.myTickets}
      </a>
      <details class="menu" ref={menu}>
        <summary class="quiet" aria-label={texts.account}>
          <span class="initial" aria-hidden="true">
            {name.slice(0, 1).toUpperCase()}
          </span>
        </summary>
        <div class="menu-list">
          <p>{account.email ?? name}</p>
          <a href="/account">{texts.account}</a>
          {account.role !== 'viewer' && <a href="/producer">{texts.producerPages}</a>}
          <button type="button" onClick={() => void leave('here')}>
            {texts.signOut}
          </button>
          <button type="button" onClick={() => void leave('everywhere')}>
            {texts.signOutEverywhere}
          </button>
        </div>
      </details>
    </>
  );
}
