import js from '@eslint/js';
import typescript from 'typescript-eslint';

/**
 * Arrows point down only: server -> hosts -> nodes -> lib. `sandbox` stands alone, a folder's `index.ts` is its face.
 * Each regex is matched against the text of an import, so it works for relative paths of any depth.
 */
const above = (...folders) => `^(\\.\\./)+(${folders.join('|')})(/|$)`;
const HOST_PACKAGES = '^(node-red|@node-red/.*|n8n-workflow|n8n-core)$';
const forbid = (files, ...patterns) => ({
  files,
  ignores: ['**/*.test.ts'],
  rules: { 'no-restricted-imports': ['error', { patterns: patterns.map(([regex, message]) => ({ regex, message })) }] },
});

const noHost = [
  [above('hosts', 'server', 'sandbox', 'flows', 'test', 'bench'), 'A node knows no host and no server.'],
  [HOST_PACKAGES, 'A node knows no host.'],
];

const boundaries = [
  forbid(
    ['lib/**/*.ts'],
    [
      above('nodes', 'hosts', 'credentials', 'server', 'sandbox', 'flows', 'test', 'bench'),
      'lib/ stands below everything else.',
    ],
    [HOST_PACKAGES, 'lib/ knows no host.'],
  ),
  forbid(['nodes/*.ts'], ...noHost),
  forbid(['nodes/*/**/*.ts', 'credentials/**/*.ts'], ...noHost, [
    '^\\.\\./(?!\\.\\.)[^/]+/.+',
    "Another node's index.ts is its only door.",
  ]),
  forbid(
    ['hosts/**/*.ts'],
    [above('server', 'sandbox', 'flows', 'test', 'bench'), 'A host knows neither the server nor the sandbox.'],
    ['nodes/[^/]+/(?!index$).+', "A node's index.ts is its only door."],
  ),
  forbid(
    ['sandbox/**/*.ts'],
    [
      above('nodes', 'hosts', 'lib/runtime', 'lib/store', 'server', 'test', 'bench'),
      'The sandbox is a process of its own, and knows nothing of the product.',
    ],
  ),
];

export default typescript.config(
  { ignores: ['dashboards/source/', '**/node_modules/', 'dist/', 'build/', '.billing-audit/', 'test/artefacts/'] },
  js.configs.recommended,
  ...typescript.configs.strict,
  {
    languageOptions: { parserOptions: { ecmaVersion: 2023 } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  ...boundaries,
  {
    files: ['**/*.test.ts', 'test/**'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['scripts/**', 'bench/**', 'test/**', 'server/cli/**', 'gulpfile.js', '*.cjs'],
    languageOptions: {
      globals: {
        fetch: 'readonly',
        WebAssembly: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
      },
    },
    rules: { 'no-console': 'off', '@typescript-eslint/no-require-imports': 'off' },
  },
);
