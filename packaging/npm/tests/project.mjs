// Projects in private folders, with the package installed from its packed file.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const PATIENCE_MS = 120_000;

/** The packed file. */
export const PACKAGE = environment('POOLCOUNTER_NPM_PACKAGE');
/** Where bundlers and checks are installed. */
export const TOOLS = environment('POOLCOUNTER_NPM_TOOLS');
/** Where runtimes are installed, if they take part. */
export const { POOLCOUNTER_NPM_RUNTIMES: RUNTIMES } = process.env;
const PROGRAMS = new URL('programs/', import.meta.url);

function environment(name) {
  assert.ok(process.env[name], `${name} is not set: run packaging/npm/test`);
  return process.env[name];
}

/** A private folder, removed when the test is over. */
export function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'poolcounter-npm-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The standard output of a command. */
export async function run(command, words, options = {}) {
  return (await execute(command, words, { timeout: PATIENCE_MS, killSignal: 'SIGKILL', ...options })).stdout;
}

/** A folder for PATH that has Node, npm and a shell, and so no compiler. */
export function onlyNode(t) {
  const bin = folder(t);
  const programs = { node: which('node'), npm: which('npm'), sh: '/bin/sh' };
  for (const [name, program] of Object.entries(programs)) {
    fs.symlinkSync(program, path.join(bin, name));
  }
  return bin;
}

function which(name) {
  const found = (process.env.PATH ?? '').split(':').map((each) => path.join(each, name));
  return fs.realpathSync(found.find((each) => fs.existsSync(each)) ?? `/usr/bin/${name}`);
}

/** A project with the two programs and the package. npm has no network, no compiler and an empty cache. */
export async function project(t) {
  const made = folder(t);
  fs.cpSync(PROGRAMS, made, { recursive: true });
  fs.writeFileSync(path.join(made, 'package.json'), '{ "name": "sample", "private": true }\n');
  const env = { PATH: onlyNode(t), HOME: folder(t) };
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', PACKAGE], { cwd: made, env });
  return made;
}

const resolve = createRequire(path.join(TOOLS, 'package.json')).resolve;

/** A module of the tools. */
export function tool(name) {
  return import(pathToFileURL(resolve(name)));
}
