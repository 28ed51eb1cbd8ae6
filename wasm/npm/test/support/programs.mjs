// Programs in processes of their own.

import { spawn } from 'node:child_process';

/** A program that does not end in this time is killed. */
const PATIENCE_MS = 60_000;

const { bun, deno } = process.versions;
/** Whether this is Node, and no runtime that imitates it. */
export const IS_NODE = !bun && !deno;
/** How this runtime runs a module from its command line. */
const RUN = deno ? ['eval', '--quiet'] : bun ? ['--eval'] : ['--input-type=module', '--eval'];

/**
 * Runs a module that may import the package; gives what it printed, and its exit status or the signal that ended it.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} program
 * @param {{ errors?: 'inherit' | 'ignore', files?: number }} [options] Where its error output goes, and how many files it may have open.
 * @returns {Promise<string>}
 */
export function runProgram(t, program, { errors = 'inherit', files = 1024 } = {}) {
  const limited = `ulimit -n ${files} && exec "$0" "$@"`;
  const child = spawn('/bin/sh', ['-c', limited, process.execPath, ...RUN, program], {
    cwd: new URL('.', import.meta.url),
    stdio: ['ignore', 'pipe', errors],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  t.after(() => child.pid && child.exitCode === null && child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  return new Promise((resolve) => child.once('close', (status, signal) => resolve(`${output}${status ?? signal}`)));
}

/**
 * The same of a program that has a pool, and a request.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} address
 * @param {string} body
 * @param {import('poolcounter').Request} request
 */
export function runWithPool(t, address, body, request) {
  return runProgram(
    t,
    `
    import { PoolCounter } from 'poolcounter';
    const pool = new PoolCounter({ servers: ['${address}'], connectTimeoutMs: 30000, minAnswerTimeoutMs: 30000 });
    const request = ${JSON.stringify(request)};
    ${body}`,
  );
}
