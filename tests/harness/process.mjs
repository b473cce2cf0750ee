// Child processes: each is ended by its own id, at the latest when the test's process ends.
import { spawn } from 'node:child_process';
import { until, within } from './wait.mjs';

const alive = new Set();
process.on('exit', () => {
  for (const child of alive) kill(child.pid, 'SIGKILL');
});
// A file that takes too long is asked to end: what it waited for is then in its log.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    console.error(`ended by ${signal}; open: ${process.getActiveResourcesInfo().join(' ')}`);
    for (const child of alive) console.error(`child ${child.pid} ${child.child.exitCode ?? child.child.signalCode ?? 'runs'}: ${child.command} ${child.args.join(' ').slice(0, 300)}\n${child.stderr.slice(-1500)}`);
    process.exit(1);
  });
}

export function kill(pid, signal = 'SIGTERM') {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // it is gone already
  }
}

export class Child {
  constructor(command, args, { env, cwd, input, binary = false } = {}) {
    this.command = command;
    this.args = args;
    this.child = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.pid = this.child.pid;
    this.stdout = '';
    this.stderr = '';
    this.bytes = [];
    alive.add(this);
    this.child.stdin.on('error', () => {}); // it ended before it read everything
    this.child.stdout.on('data', (piece) => {
      if (binary) this.bytes.push(piece);
      else this.stdout += piece;
    });
    this.child.stderr.on('data', (piece) => (this.stderr += piece));
    this.ended = new Promise((done) => {
      this.child.on('error', (error) => {
        alive.delete(this);
        this.stderr += error.message;
        done({ code: 127, signal: null });
      });
      this.child.on('close', (code, signal) => {
        alive.delete(this);
        done({ code, signal });
      });
    });
    this.ended.then((how) => (this.how = how));
    if (input !== undefined) this.child.stdin.end(input);
  }

  get running() {
    return this.how === undefined;
  }

  // The first line on standard output.
  async firstLine(ms = 10_000) {
    await until(`the first line of ${this.command}`, () => {
      if (!this.running) throw new Error(`it ended: ${this.stderr.slice(-2000)}`);
      return this.stdout.includes('\n');
    }, { within: ms, every: 5 });
    return this.stdout.slice(0, this.stdout.indexOf('\n'));
  }

  kill(signal) {
    return kill(this.pid, signal);
  }

  // Asks it to end, and makes it end when it does not.
  async stop(signal = 'SIGTERM', ms = 8_000) {
    if (!this.running) return this.how;
    this.kill(signal);
    try {
      return await within(ms, `${this.command} to end`, this.ended);
    } catch {
      this.kill('SIGKILL');
      return within(ms, `the output of ${this.command} to be closed: somebody it started holds it`, this.ended);
    }
  }
}

// Runs to the end: {code, stdout, stderr, bytes}. Throws on another status than 0 unless `anyStatus`.
export async function run(command, args, options = {}) {
  const { timeout = 60_000, anyStatus = false } = options;
  const child = new Child(command, args, options);
  if (options.input === undefined) child.child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
  const how = await child.ended;
  clearTimeout(timer);
  const result = { ...how, stdout: child.stdout, stderr: child.stderr, bytes: Buffer.concat(child.bytes) };
  if (how.code !== 0 && !anyStatus) {
    throw new Error(`${command} ${args.join(' ').slice(0, 400)}: ${how.signal ?? `status ${how.code}`}: ${child.stderr.slice(-2000)}`);
  }
  return result;
}

// Direct children of a process, by name.
export async function childrenOf(pid, name) {
  const { stdout } = await run('ps', ['--ppid', String(pid), '-o', 'pid=,comm='], { anyStatus: true });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((parts) => parts.length >= 2 && (!name || parts[1].startsWith(name)))
    .map((parts) => Number(parts[0]));
}
