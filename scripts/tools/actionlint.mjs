// Checks workflows of GitHub Actions: node actionlint.mjs FOLDER-OF-MODULES FILE...
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import process from 'node:process';

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(`${folder}/`)('actionlint');
const lint = await createLinter();
for (const file of files) {
  for (const { line, column, message, kind } of lint(await readFile(file, 'utf8'), file)) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    process.exitCode = 1;
  }
}
