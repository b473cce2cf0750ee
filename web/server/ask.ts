// One question to the server. Writes by cookie carry the session's CSRF token, writes by bearer none.

// An answer other than success: what the server said, for a decision and for a person.
export class Refusal extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly detail: string,
    readonly retryAfterMs: number,
    readonly problem = '', // NAME of the problem's type /problems/NAME
    readonly body: unknown = null,
  ) {
    super(detail || `HTTP ${status}`);
  }
}

export interface Question {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  json?: unknown;
  file?: Blob;
  token?: string | null;
  anonymous?: boolean; // needs no account: the session is asked for only if the server wants it
  keepalive?: boolean; // goes out although the page is being left
}

export interface Account {
  id: string;
  email: string | null; // accounts made in a terminal may have none
  name?: string;
  role: 'viewer' | 'producer' | 'admin';
  language?: string;
}
export interface Session {
  account: Account | null;
  csrf: string;
  second_factor_needed?: boolean; // before acting as a producer or admin
}

const kCsrfHeader = 'X-CSRF-Token';
let session: Promise<Session> | null = null;
let csrf: string | null = null; // null: not yet asked for
const kNobody: Session = { account: null, csrf: '' };

export function getSession(): Promise<Session> {
  session ??= ask<Session>('/api/v1/session').then(useSession, (refusal: Refusal) => {
    session = null;
    if (refusal.status === 404) return useSession(kNobody); // a server that sells nothing
    throw refusal;
  });
  return session;
}

// Signing in answers with the session itself.
export function useSession(given: Session): Session {
  session = Promise.resolve(given);
  csrf = given.csrf;
  return given;
}

export async function ask<T>(path: string, question: Question = {}): Promise<T> {
  try {
    return await askOnce<T>(path, question);
  } catch (error) {
    // Another tab signed in or out: this one's CSRF token is old.
    if (!(error instanceof Refusal) || !wantsCsrf(error)) throw error;
    session = csrf = null;
    await getSession();
    return askOnce<T>(path, question);
  }
}

const wantsCsrf = ({ status, detail }: Refusal) => status === 403 && detail.includes(kCsrfHeader);

const kTurnMaxMs = 180_000;

// A question whose turn comes: a server that is full says when to ask again, and keeps the place meanwhile.
// `waits` is told before each pause.
export async function askInTurn<T>(
  path: string,
  question: Question,
  waits: () => void,
): Promise<T> {
  const until = Date.now() + kTurnMaxMs;
  for (;;) {
    try {
      return await ask<T>(path, question);
    } catch (error) {
      const again = error instanceof Refusal && error.status === 503 ? error.retryAfterMs : 0;
      if (again === 0 || Date.now() + again > until) throw error;
      waits();
      await new Promise((resume) => setTimeout(resume, again));
    }
  }
}

async function askOnce<T>(path: string, question: Question): Promise<T> {
  const { method = 'GET', token, anonymous, json, file, keepalive = false } = question;
  const headers = new Headers();
  if (token) headers.set('Authorization', `Bearer ${token}`);
  else if (method !== 'GET' && (csrf !== null || !anonymous))
    headers.set(kCsrfHeader, csrf ?? (await getSession()).csrf);
  if (json !== undefined) headers.set('Content-Type', 'application/json');
  const body = json !== undefined ? JSON.stringify(json) : (file ?? null);
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers, body, keepalive, cache: 'no-store' });
  } catch {
    throw new Refusal(0, '', 0);
  }
  const said: unknown = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return said as T;
  throw refusalOf(answer, said);
}

function refusalOf(answer: Response, said: unknown): Refusal {
  const problem = (said ?? {}) as { type?: unknown; detail?: unknown };
  return new Refusal(
    answer.status,
    typeof problem.detail === 'string' ? problem.detail : '',
    Number(answer.headers.get('Retry-After') ?? 0) * 1000,
    typeof problem.type === 'string'
      ? (/\/problems\/([a-z-]+)$/.exec(problem.type)?.[1] ?? '')
      : '',
    said,
  );
}

export const asRefusal = (error: unknown): Refusal =>
  error instanceof Refusal ? error : new Refusal(0, String(error), 0);
