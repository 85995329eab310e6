/** Every text given to `l10n.t` in src/extension, sorted. Throws where one is not written out. */
export function localizedTexts(): string[];
