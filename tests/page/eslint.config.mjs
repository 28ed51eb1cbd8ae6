import js from '@eslint/js';

/** @param {string[]} names */
const readonly = (...names) => Object.fromEntries(names.map((name) => [name, 'readonly']));
const everywhere = readonly(
  ...['AbortController', 'AbortSignal', 'URL', 'URLSearchParams', 'clearInterval', 'clearTimeout', 'console', 'fetch'],
  ...['performance', 'setInterval', 'setTimeout'],
);
const browser = readonly(
  ...['Element', 'HTMLElement', 'ResizeObserver', 'Response', 'addEventListener', 'document', 'getComputedStyle'],
  ...['history', 'location', 'matchMedia', 'navigator', 'window'],
);
const rules = {
  curly: 'error',
  eqeqeq: 'error',
  'no-restricted-properties': [
    'error',
    // A key is bytes from a client: no text of the page is read as HTML.
    ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'write', 'writeln'].map((property) => ({ property })),
  ],
  'no-shadow': 'error',
  'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
  'prefer-template': 'error',
};

export default [
  js.configs.recommended,
  { ignores: ['**/vendor/'] },
  { files: ['**/page/**/*.js'], languageOptions: { globals: { ...everywhere, ...browser } }, rules },
  {
    files: ['**/*.mjs'],
    // What a test hands to the browser stands among Node's own code.
    languageOptions: { globals: { ...everywhere, ...browser, ...readonly('Buffer', 'process') } },
    rules,
  },
];
