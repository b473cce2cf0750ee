// Stripe's script and the little of it that we use: one Payment Element for one client secret.

interface Element {
  mount(where: HTMLElement): void;
  on(what: 'ready' | 'loaderror', then: () => void): void;
}
interface Elements {
  create(what: 'payment', options?: object): Element;
}
export interface Stripe {
  elements(options: { clientSecret: string; appearance: object; locale: string }): Elements;
  confirmPayment(options: {
    elements: Elements;
    confirmParams: { return_url: string };
    redirect: 'if_required';
  }): Promise<{ error?: { message?: string } }>;
}

declare global {
  interface Window {
    Stripe?: (key: string, options: { locale: string }) => Stripe;
  }
}

// The script is loaded once, from the address that the server names.
export function loadScript(address: string): Promise<NonNullable<Window['Stripe']>> {
  return new Promise((done, fail) => {
    if (window.Stripe) return done(window.Stripe);
    const script = document.createElement('script');
    script.src = address;
    script.onload = () => (window.Stripe ? done(window.Stripe) : fail(new Error('no Stripe')));
    script.onerror = () => fail(new Error('the script did not load'));
    document.head.append(script);
  });
}

// Mounted into `where`; what it gives pays, and says what went wrong, if anything.
export async function mountElement(
  where: HTMLElement,
  wish: { script: string; publishable_key: string; client_secret: string; language: string },
): Promise<(returnUrl: string) => Promise<string | null>> {
  const make = await loadScript(wish.script);
  const stripe = make(wish.publishable_key, { locale: wish.language });
  const night = matchMedia('(prefers-color-scheme: dark)').matches;
  const elements = stripe.elements({
    clientSecret: wish.client_secret,
    appearance: { theme: night ? 'night' : 'stripe' },
    locale: wish.language,
  });
  const element = elements.create('payment');
  await new Promise<void>((done, fail) => {
    element.on('ready', done);
    element.on('loaderror', () => fail(new Error('the payment form did not load')));
    element.mount(where);
  });
  return async (returnUrl) => {
    const { error } = await stripe.confirmPayment({
      elements,
      confirmParams: { return_url: returnUrl },
      redirect: 'if_required',
    });
    return error ? (error.message ?? '') : null;
  };
}
