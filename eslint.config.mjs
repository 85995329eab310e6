import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';
import { architecture } from './eslint.architecture.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));

const GENERAL_RULES = {
  eqeqeq: 'error',
  'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  'no-dupe-keys': 'error',
  'no-else-return': 'error',
  'no-fallthrough': 'error',
  'no-self-compare': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-rename': 'error',
  'no-var': 'error',
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }],
  'object-shorthand': 'error',
  'prefer-const': 'error',
};

const TYPESCRIPT_RULES = {
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  // An empty function is the shortest way to say that nothing happens.
  '@typescript-eslint/no-empty-function': 'off',
  // What implements an asynchronous interface is async even where it has nothing to wait for.
  '@typescript-eslint/require-await': 'off',
};

const SCRIPT_GLOBALS = [
  ...['AbortController', 'AbortSignal', 'Buffer', 'TextDecoder', 'TextEncoder', 'URL', 'WebAssembly', 'console'],
  'fetch',
  ...['performance', 'process', 'structuredClone', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
];

export default [
  { ignores: ['**/node_modules/', 'dist/', 'build/', 'coverage/', 'media/', '.cache/', '.thaw/'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' }, rules: GENERAL_RULES },
  ...tseslint.config({
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.strict],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: TYPESCRIPT_RULES,
  }),
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: Object.fromEntries(SCRIPT_GLOBALS.map((name) => [name, 'readonly'])) },
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
  ...architecture,
];
