import { describe, expect, it } from 'vitest';
import { withSection } from '../../bench/reportSections.ts';

describe('sections of the report on performance', () => {
  it('leave each other alone, in whichever order they are written', () => {
    const first = withSection('', 'editor', '## The editor\n\nslow\n');
    expect(first).toBe(
      '# Performance\n\n<!-- section: editor -->\n\n## The editor\n\nslow\n\n<!-- end of section: editor -->\n',
    );
    const both = withSection(first, 'training', '## Training');
    expect(both.indexOf('## Training')).toBeLessThan(both.indexOf('## The editor'));
    const again = withSection(both, 'editor', '## The editor\n\nquick');
    expect(again).toBe(both.replace('slow', 'quick'));
    expect(withSection(again, 'training', '## Training')).toBe(again);
  });

  it('are written anew where their end is lost', () => {
    const both = withSection(withSection('', 'training', 'one'), 'editor', 'two');
    const damaged = both.replace('<!-- end of section: training -->', '');
    expect(withSection(damaged, 'training', 'one')).toBe(both);
  });
});
