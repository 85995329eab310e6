/** A text that is its own key, or one that a comment tells apart from others. */
export type LocalizedText = string | { message: string; comment: string[] };

/** Every text given to `t` or `l10n.t` that a user of the editor sees, by its key. Throws where one cannot be translated. */
export function localizedTexts(): Record<string, LocalizedText>;

/** The texts of one file, each with its key. */
export function textsOf(path: string, code: string): [key: string, text: LocalizedText][];
