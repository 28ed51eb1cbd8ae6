import js from '@eslint/js';

/** @param {string[]} names */
const readonly = (...names) => Object.fromEntries(names.map((name) => [name, 'readonly']));
const everywhere = readonly('URL', 'WebAssembly', 'clearTimeout', 'console', 'setTimeout');
const browser = readonly(
  ...['Blob', 'FormData', 'HTMLElement', 'HTMLInputElement', 'ResizeObserver', 'Worker', 'addEventListener'],
  ...['crypto', 'document', 'window', 'fetch', 'getComputedStyle', 'history', 'location', 'matchMedia', 'navigator'],
  ...[
    'DataTransfer',
    'File',
    'atob',
    'dispatchEvent',
    'isSecureContext',
    'performance',
    'postMessage',
    'PopStateEvent',
  ],
);
const rules = {
  curly: 'error',
  eqeqeq: 'error',
  'no-shadow': 'error',
  'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
  'prefer-template': 'error',
};

export default [
  js.configs.recommended,
  { files: ['page/**/*.js'], languageOptions: { globals: { ...everywhere, ...browser } }, rules },
  {
    files: ['**/*.mjs'],
    // Tests contain functions that run in the browser.
    languageOptions: { globals: { ...everywhere, ...browser, ...readonly('Buffer', 'process') } },
    rules,
  },
];
