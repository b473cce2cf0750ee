// A PostgreSQL server in a folder of its own, with a socket file and no port; as the user postgres where
// the tests run as root, which it refuses.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { temporaryFolder } from './server.mjs';

const programs = '/usr/lib/postgresql/15/bin';

function run(name, args) {
  const command = [`${programs}/${name}`, ...args];
  const asRoot = process.getuid() === 0;
  const [program, ...rest] = asRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  execFileSync(program, rest, { cwd: '/', stdio: 'ignore' });
}

export class PostgreSql {
  static async start() {
    const server = new PostgreSql();
    server.folder = await temporaryFolder();
    chmodSync(server.folder, 0o777);
    run('initdb', ['-D', `${server.folder}/db`, '-U', 'postgres', '-A', 'trust', '--no-sync']);
    run('pg_ctl', ['-D', `${server.folder}/db`, '-w', '-l', `${server.folder}/log`, '-o', `-c listen_addresses='' -k ${server.folder}`, 'start']);
    server.socket = `${server.folder}/.s.PGSQL.5432`;
    server.url = `postgresql:///postgres?host=${server.folder}&user=postgres`;
    return server;
  }
  // The address of an empty database more.
  another(name) {
    run('createdb', ['-h', this.folder, '-U', 'postgres', name]);
    return this.url.replace('/postgres?', `/${name}?`);
  }
  async stop() {
    run('pg_ctl', ['-D', `${this.folder}/db`, '-m', 'immediate', 'stop']);
    await rm(this.folder, { recursive: true, force: true });
  }
}
