import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './project.mjs';

const FOLDER = join(root, 'src', 'extension');

/**
 * Every text given to `l10n.t` in src/extension, sorted. Throws where one is not written out, since it could not be
 * translated.
 *
 * @returns {string[]}
 */
export function localizedTexts() {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  return [...new Set(files.flatMap((name) => textsOf(join(FOLDER, name))))].sort();
}

function textsOf(path) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
  const texts = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && /(^|\.)l10n\.t$/.test(node.expression.getText(source))) {
      const [text] = node.arguments;
      if (!text || !ts.isStringLiteral(text)) throw new Error(`${path}: a text given to l10n.t is not written out.`);
      texts.push(text.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}
