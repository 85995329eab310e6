/** The sections of docs/performance.md, in their order; each is written by a benchmark of its own. */
export const SECTIONS = ['training', 'job', 'cost-portable', 'cost-native', 'editor'] as const;
export type Section = (typeof SECTIONS)[number];

const TITLE = '# Performance';

const opening = (section: string): string => `<!-- section: ${section} -->`;
const closing = (section: string): string => `<!-- end of section: ${section} -->`;

/**
 * The report with new text in one section. The other sections keep theirs; what stands outside of all of them goes.
 *
 * @param report as it is; empty where there is none yet
 */
export function withSection(report: string, section: Section, text: string): string {
  const texts = SECTIONS.map((each) => [each, each === section ? text.trim() : textOf(report, each)] as const);
  const parts = texts.flatMap(([each, content]) => (content === null ? [] : [opening(each), content, closing(each)]));
  return `${[TITLE, ...parts].join('\n\n')}\n`;
}

/** A page with new text between the marks of a section, which it has; everything else stays. */
export function replaceMarked(page: string, section: string, text: string): string {
  const [start, end] = [page.indexOf(opening(section)), page.indexOf(closing(section))];
  if (start < 0 || end < start) throw new Error(`The page has no section "${section}".`);
  return `${page.slice(0, start)}${opening(section)}\n\n${text.trim()}\n\n${page.slice(end)}`;
}

/** Null for a section that is not there, or has no end. */
function textOf(report: string, section: Section): string | null {
  const start = report.indexOf(opening(section));
  const end = report.indexOf(closing(section), start);
  return start < 0 || end < 0 ? null : report.slice(start + opening(section).length, end).trim();
}
