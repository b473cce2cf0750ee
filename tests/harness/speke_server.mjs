// A key service that speaks SPEKE 2.0, written from the standard and not from the program: it makes
// keys, keeps its own books, checks what it is asked, and fails on command. Nothing of it is real.
import { constants, createCipheriv, createHash, createHmac, createPublicKey, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

const kWidevine = 'edef8ba9-79d6-4ace-a3c8-27dcd51d21ed';
const kFairPlay = '94ce86fb-07ff-4f43-adb8-93d2fa968ca2';
const b64 = (value) => Buffer.from(value).toString('base64');

function fill(text, service, entry) {
  let wrapped = null;
  const certificate = /<ds:X509Certificate>([^<]+)</.exec(text)?.[1];
  if (certificate) {
    const key = createPublicKey(new X509Certificate(Buffer.from(certificate, 'base64')).publicKey.export({ type: 'spki', format: 'pem' }));
    const wrap = (bytes) => b64(publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, bytes));
    wrapped = { documentKey: randomBytes(32), macKey: randomBytes(64), wrap };
  }
  const secret = (key) => {
    if (!wrapped) return `<pskc:PlainValue>${b64(key)}</pskc:PlainValue>`;
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', wrapped.documentKey, iv);
    const value = Buffer.concat([iv, cipher.update(key), cipher.final()]);
    const mac = createHmac('sha512', service.spoilMac ? randomBytes(64) : wrapped.macKey).update(value).digest('base64');
    return `<pskc:EncryptedValue xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><xenc:CipherData><xenc:CipherValue>${b64(value)}</xenc:CipherValue></xenc:CipherData></pskc:EncryptedValue><pskc:ValueMAC>${mac}</pskc:ValueMAC>`;
  };
  let out = text.replace(/<cpix:ContentKey ([^>]*?)\/>/g, (_, attributes) => {
    const kid = /kid="([^"]+)"/.exec(attributes)[1];
    const key = randomBytes(16);
    service.keys.set(kid, key);
    entry.kids.push(kid);
    return `<cpix:ContentKey ${attributes}><cpix:Data><pskc:Secret>${secret(key)}</pskc:Secret></cpix:Data></cpix:ContentKey>`;
  });
  out = out.replace(/<cpix:DRMSystem kid="([^"]+)" systemId="([^"]+)">([\s\S]*?)<\/cpix:DRMSystem>/g, (_, kid, system, inner) => {
    const pssh = b64(`pssh of ${system} for ${kid}`);
    const uri = system === kFairPlay ? `skd://service/${kid}` : `data:text/plain;base64,${pssh}`;
    const line = (tag) => b64(`${tag}:METHOD=SAMPLE-AES,URI="${uri}",KEYFORMAT="${system === kFairPlay ? 'com.apple.streamingkeydelivery' : `urn:uuid:${system}`}",KEYFORMATVERSIONS="1"`);
    return `<cpix:DRMSystem kid="${kid}" systemId="${system}">${inner
      .replace('<cpix:PSSH />', `<cpix:PSSH>${pssh}</cpix:PSSH>`)
      .replace('<cpix:ContentProtectionData />', `<cpix:ContentProtectionData>${b64(`<cenc:pssh xmlns:cenc="urn:mpeg:cenc:2013">${pssh}</cenc:pssh>`)}</cpix:ContentProtectionData>`)
      .replace('<cpix:HLSSignalingData playlist="media" />', `<cpix:HLSSignalingData playlist="media">${line('#EXT-X-KEY')}</cpix:HLSSignalingData>`)
      .replace('<cpix:HLSSignalingData playlist="master" />', `<cpix:HLSSignalingData playlist="master">${line('#EXT-X-SESSION-KEY')}</cpix:HLSSignalingData>`)}</cpix:DRMSystem>`;
  });
  if (!wrapped) return out;
  const value = (bytes) => `<xenc:EncryptionMethod xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><xenc:CipherData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:CipherValue>${wrapped.wrap(bytes)}</xenc:CipherValue></xenc:CipherData>`;
  return out.replace('</cpix:DeliveryData>', `<cpix:DocumentKey Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"><cpix:Data><pskc:Secret><pskc:EncryptedValue>${value(wrapped.documentKey)}</pskc:EncryptedValue></pskc:Secret></cpix:Data></cpix:DocumentKey><cpix:MACMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"><cpix:MACKey>${value(wrapped.macKey)}</cpix:MACKey></cpix:MACMethod></cpix:DeliveryData>`);
}

const md5 = (text) => createHash('md5').update(text).digest('hex');
function digestIsRight(header, request, { user, password }) {
  const given = Object.fromEntries([...(header ?? '').matchAll(/(\w+)=(?:"([^"]*)"|([^,\s]*))/g)].map(([, k, q, p]) => [k, q ?? p]));
  const one = md5(`${user}:speke:${password}`);
  const two = md5(`${request.method}:${given.uri}`);
  return given.response === md5(`${one}:${given.nonce}:${given.nc}:${given.cnonce}:${given.qop}:${two}`);
}

// `pair`: {key, cert} as PEM; then by https. `header`: [name, value] that it knows its customers by.
export async function spekeServer({ auth = null, header = null, pair, user = 'butai', password = 'spoken softly' } = {}) {
  const service = { books: [], keys: new Map(), failing: null, delayMs: 0, spoilMac: false, change: null };
  const answerAll = async (request, answer) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString();
    if (header && request.headers[header[0]] !== header[1]) return answer.writeHead(403).end('who are you?');
    if (auth === 'basic' && request.headers.authorization !== `Basic ${b64(`${user}:${password}`)}`) return answer.writeHead(401, { 'WWW-Authenticate': 'Basic realm="speke"' }).end();
    if (auth === 'digest' && !digestIsRight(request.headers.authorization, request, { user, password })) {
      return answer.writeHead(401, { 'WWW-Authenticate': `Digest realm="speke", nonce="${randomBytes(8).toString('hex')}", qop="auth", algorithm=MD5` }).end();
    }
    const entry = { headers: request.headers, body, kids: [] };
    service.books.push(entry);
    if (service.delayMs) await new Promise((next) => setTimeout(next, service.delayMs));
    if (service.failing) return answer.writeHead(service.failing).end('the service is out of order');
    if (request.headers['x-speke-version'] !== '2.0') return answer.writeHead(422).end('Unsupported SPEKE version');
    if (!/contentId="[^"]+"/.test(body)) return answer.writeHead(422).end('Missing CPIX@contentId');
    if (!body.includes('version="2.3"')) return answer.writeHead(422).end('Unsupported CPIX@version');
    let filled = fill(body, service, entry);
    if (service.change) filled = service.change(filled);
    answer.writeHead(200, { 'Content-Type': 'application/xml', 'X-Speke-Version': '2.0', 'X-Speke-User-Agent': 'test' }).end(filled);
  };
  const server = pair ? createSecureServer(pair, answerAll) : createServer(answerAll);
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  service.url = `${pair ? 'https://localhost' : 'http://127.0.0.1'}:${server.address().port}/speke/v2.0/copyProtection`;
  service.stop = () => new Promise((done) => { server.closeAllConnections(); server.close(done); });
  service.widevine = kWidevine;
  return service;
}
