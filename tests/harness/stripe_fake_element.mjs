// What the fake's script puts into a page: a Payment Element in a frame of the fake's own origin, as the
// real one is. The card is typed in the frame and never seen by the page around it.

export const elementScript = (origin) => `
window.Stripe = (key) => {
  let frame, secret, listeners = {};
  const ask = (what) => new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => done(data);
    frame.contentWindow.postMessage(what, '${origin}', [channel.port2]);
  });
  return {
    elements: ({ clientSecret }) => ({
      create: () => ({
        on: (what, then) => { listeners[what] = then; },
        mount: async (place) => {
          secret = clientSecret;
          const session = await fetch('${origin}/session?secret=' + secret + '&key=' + key).then((answer) => answer.json());
          if (session.error) return listeners.loaderror?.();
          frame = document.createElement('iframe');
          frame.title = 'Secure payment input frame';
          frame.style.width = '100%';
          frame.style.height = '220px';
          frame.onload = () => listeners.ready?.();
          frame.src = '${origin}/frame#' + session.types[0];
          place.append(frame);
        },
      }),
    }),
    confirmPayment: async ({ confirmParams }) => {
      const told = await ask({ secret });
      if (told.challenge === 'redirect') {
        location.href = '${origin}/redirect#' + encodeURIComponent(JSON.stringify({ secret, back: confirmParams.return_url }));
        return new Promise(() => {});
      }
      return told.error ? { error: told.error } : { paymentIntent: { status: told.status } };
    },
  };
};
`;

export const framePage = () => `<!doctype html><meta charset="utf-8"><title>Element</title><body>
<p id="card"><label>Card number <input id="number" value="4242 4242 4242 4242"></label></p>
<p id="store"><label>E-mail <input id="email" value="buyer@example.jp"></label></p>
<p id="challenge" hidden>Is it you? <button id="yes">Complete</button> <button id="no">Fail</button></p>
<script>
const konbini = location.hash === '#konbini';
document.getElementById(konbini ? 'card' : 'store').hidden = true;
const value = (name) => document.getElementById(name).value;
const confirm = (secret, more) => fetch('/confirm', { method: 'POST', body: JSON.stringify({ secret, card: value('number'), email: value('email'), ...more }) }).then((answer) => answer.json());
onmessage = async ({ data: { secret }, ports: [port] }) => {
  const told = await confirm(secret);
  if (told.challenge !== 'frame') return port.postMessage(told);
  document.getElementById('challenge').hidden = false;
  document.getElementById('yes').onclick = async () => port.postMessage(await confirm(secret, { challenged: true }));
  document.getElementById('no').onclick = () => {
    document.getElementById('challenge').hidden = true;
    port.postMessage({ error: { message: 'We are unable to authenticate your payment method.' } });
  };
};
</script>`;

export const redirectPage = () => `<!doctype html><meta charset="utf-8"><title>Your bank</title><body><h1>3-D Secure</h1><button>Authorize</button>
<script>
const { secret, back } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
document.querySelector('button').onclick = async () => {
  await fetch('/confirm', { method: 'POST', body: JSON.stringify({ secret, challenged: true }) });
  location.href = back + '&payment_intent_client_secret=' + secret + '&redirect_status=succeeded';
};
</script>`;
