import js from '@eslint/js';

const node = [
  'AbortController',
  'AbortSignal',
  'Buffer',
  'clearTimeout',
  'console',
  'EventTarget',
  'process',
  'setImmediate',
  'setTimeout',
  'TextEncoder',
  'URL',
  'performance',
];
const globals = Object.fromEntries(node.map((name) => [name, 'readonly']));
const rules = {
  curly: 'error',
  eqeqeq: 'error',
  'no-shadow': 'error',
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
  'prefer-template': 'error',
};

export default [
  { ignores: ['lib/wasm/', 'dist/', 'test/projects/'] },
  js.configs.recommended,
  { files: ['**/*.mjs'], languageOptions: { sourceType: 'module', globals }, rules },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { ...globals, module: 'writable', require: 'readonly' } },
    rules: { ...rules, strict: ['error', 'global'] },
  },
];
