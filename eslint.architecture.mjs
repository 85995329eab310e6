/**
 * The direction of dependencies: which folder may import from which, and which packages.
 *
 *     extension -> shared <- trainer <- cli        webview -> shared        node: helpers for all programs
 *
 * "trainer <- cli" is a child process and messages, not an import.
 */
import { fileURLToPath } from 'node:url';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Regular expressions of module names. A `.` stands for the slash, which a selector cannot hold. */
const VSCODE = '^vscode$';
const TENSORFLOW = '^@tensorflow.';
const SHARP = '^sharp(.|$)';
const NODE_BUILTIN =
  '^(node:|(assert|buffer|child_process|crypto|events|fs|http|https|net|os|path|perf_hooks|process|stream|url|util|worker_threads|zlib)(.promises)?$)';
/**
 * Everything but relative paths and the few packages that are pure. So is @vscode/l10n as the webview gets it; its build for
 * Node.js, which the other programs get, also imports `fs`, to read a bundle from a file, which nobody asks it to.
 */
const NOT_PURE = '^(?!\\.|zod$|jsonc-parser$|fastest-levenshtein$|@vscode.l10n$)';

const NODE_GLOBALS = ['process', 'Buffer', 'global', 'require', '__dirname', '__filename', 'setImmediate'];

const WORDS = ':matches(Literal[value=/[A-Za-z]/], TemplateLiteral:has(TemplateElement[value.raw=/[A-Za-z]/]))';
const NAMED = 'JSXAttribute[name.name=/^(aria-label|title|placeholder|alt|label)$/]';
const CHILD = ':matches(JSXElement, JSXFragment)';

/** Words that stand in the page as they are, whatever the language of the editor. */
const UNTRANSLATED = [
  'JSXText[value=/[A-Za-z]/]',
  `${CHILD} > JSXExpressionContainer > ${WORDS}`,
  `${CHILD} > JSXExpressionContainer > ConditionalExpression > ${WORDS}`,
  `${NAMED} > ${WORDS}`,
  `${NAMED} > JSXExpressionContainer > ${WORDS}`,
  `${NAMED} > JSXExpressionContainer > ConditionalExpression > ${WORDS}`,
].map((selector) => ({ selector, message: 'What a user reads goes through t of @vscode/l10n.' }));

/** One entry per folder: the other folders it may import from, and the packages it may not. */
const FOLDERS = {
  'src/shared': {
    mayImport: [],
    forbidden: [NOT_PURE],
    globals: NODE_GLOBALS,
    reason:
      'src/shared is pure: it runs in the browser too and imports nothing but itself and zod, jsonc-parser, fastest-levenshtein, @vscode/l10n.',
  },
  'src/node': {
    mayImport: ['src/shared'],
    forbidden: [VSCODE, TENSORFLOW, SHARP],
    reason: 'src/node serves every program: Node.js and src/shared only, no TensorFlow, no native code, no vscode.',
  },
  'src/trainer': {
    mayImport: ['src/shared', 'src/node'],
    forbidden: [VSCODE],
    reason:
      'src/trainer is a child process of its own: it imports src/shared and src/node, never vscode, the cli or the extension.',
  },
  'src/cli': {
    mayImport: ['src/shared', 'src/node'],
    forbidden: [VSCODE, TENSORFLOW, SHARP],
    reason: 'src/cli imports src/shared and src/node; it reaches the trainer as a child process.',
  },
  'src/extension': {
    mayImport: ['src/shared', 'src/node'],
    forbidden: [TENSORFLOW, SHARP],
    reason: 'src/extension imports src/shared, src/node and vscode; it reaches the trainer as a child process.',
  },
  webview: {
    mayImport: ['src/shared'],
    forbidden: [VSCODE, TENSORFLOW, SHARP, NODE_BUILTIN],
    globals: NODE_GLOBALS,
    syntax: UNTRANSLATED,
    reason: 'webview runs in the browser: it imports src/shared only.',
  },
};

/** `src/extension.ts` wires the extension up and stands beside its folder. */
const ENTRY_POINTS = { 'src/extension': ['src/extension.ts'] };

const SYNTAX = [
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that defines the name.' },
  { selector: 'ExportNamedDeclaration[source]', message: 'No barrels: import from the file that defines the name.' },
  {
    selector: 'MemberExpression[object.type="MetaProperty"][property.name=/^(dirname|filename)$/]',
    message: 'Node.js 20.9 does not have it: use fileURLToPath(new URL(..., import.meta.url)).',
  },
  {
    selector: 'ImportDeclaration[source.value="zod"] > ImportSpecifier[imported.name="z"]',
    message: "Write import * as z from 'zod': the object z carries all of zod's languages into the bundles.",
  },
];

/** `import()` and types written as `import('...')`, which no-restricted-imports does not see. */
function dynamicImports(patterns, message) {
  return patterns.flatMap((pattern) => [
    { selector: `ImportExpression > Literal.source[value=/${pattern}/]`, message },
    { selector: `ImportExpression > TemplateLiteral.source > TemplateElement[value.raw=/${pattern}/]`, message },
    { selector: `TSImportType Literal[value=/${pattern}/]`, message },
  ]);
}

function folderRules(folder, { mayImport, forbidden, globals = [], syntax = [], reason }) {
  const own = [folder, ...(ENTRY_POINTS[folder] ?? [])];
  return {
    files: [`${folder}/**/*.{ts,tsx}`, ...(ENTRY_POINTS[folder] ?? [])],
    rules: {
      'no-restricted-imports': ['error', { patterns: forbidden.map((regex) => ({ regex, message: reason })) }],
      'no-restricted-syntax': ['error', ...SYNTAX, ...syntax, ...dynamicImports(forbidden, reason)],
      'no-restricted-globals': ['error', ...globals.map((name) => ({ name, message: reason }))],
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: root,
          zones: [{ target: own, from: '.', except: [...own, ...mayImport, 'node_modules'], message: reason }],
        },
      ],
    },
  };
}

/** Configuration objects for ESLint. */
export const architecture = [
  {
    files: ['src/**/*.ts', 'webview/**/*.{ts,tsx}'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.tsx', '.mjs', '.js'] })] },
    rules: { 'import-x/no-default-export': 'error', 'import-x/no-self-import': 'error' },
  },
  ...Object.entries(FOLDERS).map(([folder, rules]) => folderRules(folder, rules)),
];
