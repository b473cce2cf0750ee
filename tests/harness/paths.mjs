// Where the program, the sources of media and the documents of the project are.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const workFolder = join(root, 'build/scenarios'); // media that ffmpeg made, logs, screenshots
mkdirSync(workFolder, { recursive: true });

function findProgram() {
  const wished = process.env.BUTAI;
  if (wished) return resolve(wished);
  const built = ['release', 'dev', 'tests'].map((name) => join(root, 'build', name, 'butai'));
  const found = built.find((path) => existsSync(path));
  if (!found) throw new Error('no butai is built; run ./dev build, or set BUTAI to its path');
  return found;
}
export const program = findProgram();

// Documents that are beside the repository while it is made, and absent in a clone of it.
function beside(variable, relative) {
  const path = process.env[variable] ? resolve(process.env[variable]) : resolve(root, relative);
  return existsSync(path) ? path : null;
}
export const seeds = beside('BUTAI_SEEDS', '../shared/seeds');
export const schemas = beside('BUTAI_SCHEMAS', '../shared/reference/schemas');

export const long = process.env.BUTAI_LONG === '1';
