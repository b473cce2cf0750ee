// Identity providers: the real one (npm oidc-provider) with a page where a visitor says who they are, and one
// that signs whatever the test wants.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';

export const kClient = { id: 'butai', secret: 'CNRY-oidc-0123456789abcdef0123456789' };
const secondsNow = () => Math.floor(Date.now() / 1000);
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

async function listen(handler) {
  const server = http.createServer(handler);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return server;
}
const close = (server) => new Promise((done) => {
  server.close(done);
  server.closeAllConnections();
});
async function formOf(request) {
  let body = '';
  for await (const piece of request) body += piece;
  return new URLSearchParams(body);
}

// people: sub -> its claims.
export class RealProvider {
  static async start(people) {
    const made = new RealProvider();
    made.people = people;
    made.server = await listen((request, response) => made.#answer(request, response));
    made.issuer = `http://127.0.0.1:${made.server.address().port}`;
    const quiet = [console.info, console.warn];
    [console.info, console.warn] = [() => {}, () => {}]; // "Unsupported runtime" on node 20, where it works
    const { default: Provider } = await import('oidc-provider');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    made.provider = new Provider(made.issuer, {
      clients: [{
        client_id: kClient.id, client_secret: kClient.secret, token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: ['http://localhost/auth/test/callback'], id_token_signed_response_alg: 'ES256',
      }],
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'real', use: 'sig', alg: 'ES256' }] },
      cookies: { keys: ['a key of this test'] },
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      conformIdTokenClaims: false,
      claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    });
    [console.info, console.warn] = quiet;
    // The port is known when our server runs; the path is what counts here.
    made.provider.Client.prototype.redirectUriAllowed = (uri) => new URL(uri).pathname === '/auth/test/callback';
    made.callback = made.provider.callback();
    return made;
  }

  async #answer(request, response) {
    if (!request.url.startsWith('/interaction/')) return this.callback(request, response);
    const { prompt, params, session } = await this.provider.interactionDetails(request, response);
    if (request.method === 'GET') {
      const buttons = Object.keys(this.people).map((sub) => `<button name="sub" value="${sub}">I am ${escaped(sub)}</button>`).join('');
      response.setHeader('Content-Type', 'text/html');
      return response.end(`<!doctype html><title>ID</title><form method="post">${buttons}<button name="sub" value="">No</button></form>`);
    }
    const sub = (await formOf(request)).get('sub') || session?.accountId;
    if (!sub) return this.provider.interactionFinished(request, response, { error: 'access_denied' });
    const grant = new this.provider.Grant({ accountId: sub, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    const consent = { grantId: await grant.save() };
    return this.provider.interactionFinished(request, response, prompt.name === 'login' ? { login: { accountId: sub }, consent } : { consent }, { mergeWithLastSubmission: true });
  }
  stop() {
    return close(this.server);
  }
}

// Its token endpoint answers with what `next` makes of good claims and a good header.
export class ForgingProvider {
  static async start() {
    const made = new ForgingProvider();
    const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
    made.keys = { good: pair(), stranger: pair() };
    made.published = 'good';
    made.asked = 0;
    made.server = await listen((request, response) => made.#answer(request, response));
    made.issuer = `http://127.0.0.1:${made.server.address().port}`;
    return made;
  }
  jwk(name) {
    return { ...this.keys[name].publicKey.export({ format: 'jwk' }), kid: name, use: 'sig', alg: 'RS256' };
  }
  claims(nonce, sub) {
    return { iss: this.issuer, sub, aud: kClient.id, iat: secondsNow(), exp: secondsNow() + 300, nonce };
  }
  token(header, claims, key = 'good') {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = `${part(header)}.${part(claims)}`;
    if (header.alg === 'none') return `${head}.`;
    const signature = header.alg === 'HS256'
      ? createHmac('sha256', key).update(head).digest()
      : sign('sha256', head, this.keys[key].privateKey);
    return `${head}.${signature.toString('base64url')}`;
  }
  async #answer(request, response) {
    const json = (value, status = 200) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (request.url === '/.well-known/openid-configuration') {
      return json({ issuer: this.issuer, authorization_endpoint: `${this.issuer}/auth`, token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/jwks` });
    }
    if (request.url === '/jwks') return json({ keys: [this.jwk(this.published)] });
    this.asked += 1;
    this.form = await formOf(request);
    return this.next(json);
  }
  stop() {
    return close(this.server);
  }
}
