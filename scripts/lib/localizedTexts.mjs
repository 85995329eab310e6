import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './project.mjs';

/** What speaks to a user of the editor; the trainer and the command line are English. */
const SOURCES = ['src/extension.ts', 'src/extension', 'src/shared', 'webview'];

/** `t` of @vscode/l10n, and the same of VS Code itself. */
const TRANSLATE = /^(t|(vscode\.)?l10n\.t)$/;

/**
 * Every text given to `t` or `l10n.t`, in the form of a bundle for translators: by the text, or by the text and its
 * comment where it has one. The keys are sorted. Throws where a text cannot be translated, because it is not written out
 * or is asked for when its file is loaded, and where its values are more or fewer than its placeholders.
 *
 * The extractor of @vscode/l10n-dev passes over such texts in silence and, as of 0.0.35, over every `t` that is imported
 * by name; it would bring a hundred packages.
 *
 * @returns {Record<string, string | { message: string, comment: string[] }>}
 */
export function localizedTexts() {
  const texts = SOURCES.flatMap(filesOf).flatMap((path) => {
    return textsOf(path, readFileSync(join(root, path), 'utf8'));
  });
  return Object.fromEntries([...new Map(texts)].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function filesOf(path) {
  if (!statSync(join(root, path)).isDirectory()) return /(?<!\.d)\.tsx?$/.test(path) ? [path] : [];
  return readdirSync(join(root, path)).flatMap((name) => filesOf(`${path}/${name}`));
}

/**
 * The texts of one file, each with its key.
 *
 * @param {string} path named where something is at fault
 * @param {string} code
 */
export function textsOf(path, code) {
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.ES2022, true, kind);
  const texts = [];
  const visit = (node, isInFunction) => {
    if (ts.isCallExpression(node) && TRANSLATE.test(node.expression.getText(source))) {
      const fault = (what) => new Error(`${path}, line ${lineOf(source, node)}: a text given to t ${what}.`);
      if (!isInFunction) throw fault('is asked for when the file is loaded, before the language is known');
      texts.push(entryOf(node, fault));
    }
    ts.forEachChild(node, (child) => visit(child, isInFunction || ts.isFunctionLike(node)));
  };
  visit(source, false);
  return texts;
}

function entryOf({ arguments: [text, ...values] }, fault) {
  if (text && ts.isStringLiteral(text)) {
    const placeholders = new Set(text.text.match(/\{\d+\}/g)).size;
    // Without any value the text goes on to `Sentence`, which fills it.
    if (values.length > 0 && values.length !== placeholders) throw fault('has other values than placeholders');
    return [text.text, text.text];
  }
  const message = propertyOf(text, 'message');
  const comment = propertyOf(text, 'comment');
  if (message === undefined || comment === undefined) throw fault('is not written out');
  return [`${message}/${comment}`, { message, comment: [comment] }];
}

/** A property that is written out as a text; undefined where there is none. */
function propertyOf(node, name) {
  if (!node || !ts.isObjectLiteralExpression(node)) return undefined;
  const property = node.properties.find((each) => each.name?.getText() === name);
  return property && ts.isPropertyAssignment(property) && ts.isStringLiteral(property.initializer)
    ? property.initializer.text
    : undefined;
}

function lineOf(source, node) {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
