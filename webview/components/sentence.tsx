import type { ComponentChildren, JSX } from 'preact';

interface SentenceProps {
  /** From `t`, without values. */
  text: string;
  /** What stands for `{0}`, `{1}` and so on. */
  values?: readonly ComponentChildren[];
  /** What becomes of the words within `<0>…</0>`, `<1>…</1>` and so on; no mark is within another one. */
  marks?: readonly ((words: ComponentChildren) => JSX.Element)[];
}

/**
 * A sentence that is more than text, such as one with a term in it. It is translated as a whole: `{0}` and `<0>words</0>`
 * stand wherever a language has them.
 */
export function Sentence({ text, values = [], marks = [] }: SentenceProps): JSX.Element {
  // Every third part is a number and the one after it the words of that mark.
  const parts = text.split(/<(\d+)>(.*?)<\/\1>/);
  return (
    <>
      {parts.map((part, index) => {
        if (index % 3 === 0) return fill(part, values);
        if (index % 3 === 2) return null;
        const words = fill(parts[index + 1], values);
        return marks.at(Number(part))?.(words) ?? words;
      })}
    </>
  );
}

/** Text with its values; every second part is the number of one. */
function fill(text: string, values: readonly ComponentChildren[]): ComponentChildren {
  return text.split(/\{(\d+)\}/).map((part, index) => (index % 2 === 0 ? part : values[Number(part)]));
}
