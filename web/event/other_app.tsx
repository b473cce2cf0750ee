// Inside another app's browser: the offer to go on in the phone's own, where sign-ins and keys are kept.

import { useState } from 'preact/hooks';
import { useTexts } from '../texts/language';
import { Notice } from '../theme/sale';
import { otherAppOf, outsideAddress } from './in_app';

export function OtherApp() {
  const words = useTexts().texts.accountPage.otherApp;
  const [copied, setCopied] = useState(false);
  const app = otherAppOf(navigator.userAgent);
  if (!app) return null;
  const outside = outsideAddress(app, navigator.userAgent, location.href);
  return (
    <Notice kind="warn">
      <p>{words.lead(app)}</p>
      {outside ? (
        <a class="button button-main" href={outside}>
          {words.open}
        </a>
      ) : (
        <>
          <p class="fine">{words.how}</p>
          <button
            class="button"
            type="button"
            onClick={() =>
              void navigator.clipboard.writeText(location.href).then(() => setCopied(true))
            }
          >
            {copied ? words.copied : words.copy}
          </button>
        </>
      )}
    </Notice>
  );
}
