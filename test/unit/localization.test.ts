import { config } from '@vscode/l10n';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quadrantReason, quadrantSentence } from '../../src/shared/advisor.ts';
import { countImages } from '../../src/shared/counts.ts';
import { ThawError } from '../../src/shared/errors.ts';
import { formatDuration, formatList, formatPercent } from '../../src/shared/format.ts';
import { whatTrains } from '../../src/shared/settingWords.ts';
import { parsePlanText } from '../../src/shared/planText.ts';
import { schedulePreset } from '../../src/shared/schedulePresets.ts';
import { termOf } from '../../src/shared/terms.ts';

const GERMAN = {
  Head: 'Kopf',
  'The plan is empty.': 'Der Plan ist leer.',
  'The plan has no {0}; it must be {1}.': 'Dem Plan fehlt {0}; erwartet wird {1}.',
  'There is no plan at {0}. Write one with thaw init.': 'Unter {0} liegt kein Plan. thaw init schreibt einen.',
  'Fine-tune completely': 'Vollständig nachtrainieren',
  '{0}.': '{0}!',
  'Layer decay': 'Abklingende Raten',
  '1 image': 'ein Bild',
  '{0} images': '{0} Bilder',
  '{0} min {1} s': '{0} Minuten und {1} Sekunden',
  '{0} %': '%{0}',
  '{0}, {1}': '{0}; {1}',
  'the head': 'der Kopf',
};

describe('src/shared with a German bundle', () => {
  beforeEach(() => config({ contents: GERMAN }));
  afterEach(() => config({ contents: {} }));

  it('says its sentences in German, wherever their words are kept', () => {
    expect(termOf('head').title).toBe('Kopf');
    expect(schedulePreset('layerDecay').title).toBe('Abklingende Raten');
    expect(whatTrains({ name: 'a', epochs: 1, unfreeze: [] })).toBe('der Kopf');
    expect(quadrantReason(quadrantSentence('high', 'high'))).toBe('Vollständig nachtrainieren!');
    const parsed = parsePlanText('{}');
    expect('problems' in parsed && parsed.problems[0].problem).toBe('Dem Plan fehlt "version"; erwartet wird 1.');
    expect(new ThawError({ reason: 'planMissing', path: 'a/b' }).message).toBe(
      'Unter a/b liegt kein Plan. thaw init schreibt einen.',
    );
  });

  it('puts values where the translation has them', () => {
    expect([countImages(1), countImages(1234)]).toEqual(['ein Bild', '1,234 Bilder']);
    expect(formatDuration(125)).toBe('2 Minuten und 5 Sekunden');
    expect(formatPercent(0.25)).toBe('%25.0');
    expect(formatList(['a', 'b', 'c'])).toBe('a; b; c');
  });

  it('leaves English what has no translation', () => {
    expect(termOf('block').title).toBe('Block');
    expect(formatDuration(12)).toBe('12 s');
  });

  it('follows a change of the language', () => {
    expect(parsePlanText('')).toEqual({ problems: [{ path: '', line: 1, problem: 'Der Plan ist leer.' }] });
    config({ contents: {} });
    expect(parsePlanText('')).toEqual({ problems: [{ path: '', line: 1, problem: 'The plan is empty.' }] });
    expect(termOf('head').title).toBe('Head');
  });
});

describe('texts with braces or names that look like placeholders', () => {
  it('stay as they are', () => {
    const parsed = parsePlanText('{ "version": 1');
    expect('problems' in parsed && parsed.problems[0].problem).toBe('A closing "}" is missing.');
    const { message } = new ThawError({ reason: 'dataOneClass', path: '{0}', className: '{1}' });
    expect(message).toMatch(/^Only one class, "\{1\}", was found in \{0\}\./);
  });
});
