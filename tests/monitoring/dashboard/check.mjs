/** Compiles a dashboard as a literal of the type in model.ts: node check.mjs DASHBOARD.JSON. Prints what does not fit; the exit status is 1 then. */

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const json = process.argv[2];
// A file that exists in memory only. The JSON begins on a line of its own, so that lines of errors are those of the JSON, and two more.
const file = fileURLToPath(new URL('dashboard.ts', import.meta.url));
const text = `import type { Dashboard } from './model.js';\nexport default (\n${fs.readFileSync(json, 'utf8')}) satisfies Dashboard;\n`;
const LINES_BEFORE = 2;

/** @type {ts.CompilerOptions} */
const options = { strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, types: [] };
const host = ts.createCompilerHost(options);
const { readFile, fileExists, getSourceFile } = host;
host.fileExists = (name) => name === file || fileExists(name);
host.readFile = (name) => (name === file ? text : readFile(name));
host.getSourceFile = (name, language, ...rest) =>
  name === file ? ts.createSourceFile(name, text, language) : getSourceFile(name, language, ...rest);

const problems = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
for (const { file: where, start = 0, messageText } of problems) {
  const line = where === undefined ? 0 : where.getLineAndCharacterOfPosition(start).line + 1;
  const place = where?.fileName === file ? `${json}:${line - LINES_BEFORE}` : `${where?.fileName}:${line}`;
  console.error(`${place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
process.exit(problems.length === 0 ? 0 : 1);
