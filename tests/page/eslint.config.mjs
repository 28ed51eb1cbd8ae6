import js from '@eslint/js';

/** @param {string[]} names */
const readonly = (...names) => Object.fromEntries(names.map((name) => [name, 'readonly']));
const everywhere = readonly(
  ...['AbortController', 'AbortSignal', 'URL', 'URLSearchParams', 'clearInterval', 'clearTimeout', 'console', 'fetch'],
  ...['performance', 'setInterval', 'setTimeout'],
);
const browser = readonly(
  ...[
    'Element',
    'Event',
    'HTMLElement',
    'MutationObserver',
    'ResizeObserver',
    'Response',
    'addEventListener',
    'document',
  ],
  ...['getComputedStyle', 'history', 'innerWidth', 'location', 'matchMedia'],
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

/** A key is bytes from a client: no text of the page is read as HTML. */
const textOnly = [
  'error',
  ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe'].map((property) => ({ property })),
  ...['write', 'writeln'].map((property) => ({ object: 'document', property })),
];

export default [
  js.configs.recommended,
  { ignores: ['**/vendor/'] },
  {
    files: ['**/page/**/*.js'],
    languageOptions: { globals: { ...everywhere, ...browser } },
    rules: { ...rules, 'no-restricted-properties': textOnly },
  },
  {
    files: ['**/*.mjs'],
    // What a test hands to the browser stands among Node's own code.
    languageOptions: { globals: { ...everywhere, ...browser, ...readonly('Buffer', 'TextDecoder', 'process') } },
    rules,
  },
];
