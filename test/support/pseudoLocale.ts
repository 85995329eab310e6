import { readFileSync } from 'node:fs';
import type { Snapshot } from '../../src/shared/webviewProtocol.ts';

/**
 * A language in which every text is the English one in brackets, as `strings` of the editor. What stands outside of brackets
 * was not translated.
 */
export function pseudoLocale(): Snapshot['strings'] {
  const bundle = JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8')) as Record<
    string,
    string | { message: string }
  >;
  return Object.fromEntries(
    Object.entries(bundle).map(([key, text]) => [key, `[!${typeof text === 'string' ? text : text.message}!]`]),
  );
}

/** Whether a text has words that are neither in brackets nor among `data`, which is the same in every language. */
export function hasUntranslated(text: string, data: readonly string[] = []): boolean {
  const longestFirst = [...data].sort((one, other) => other.length - one.length);
  const rest = longestFirst.reduce((left, name) => left.replaceAll(name, ''), withoutBrackets(text));
  return /\p{L}/u.test(rest);
}

/** A translated text may hold others, such as a number with its unit. Brackets that do not close stay, with what follows. */
function withoutBrackets(text: string): string {
  const next = text.replace(/\[!(?:(?!\[!|!\]).)*!\]/gsu, '');
  return next === text ? text : withoutBrackets(next);
}
