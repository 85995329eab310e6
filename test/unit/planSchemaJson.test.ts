import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planJsonSchema, schemasAt } from '../../src/shared/planSchemaJson.ts';

describe('planJsonSchema', () => {
  it('is what media/plan.schema.json holds (else run npm run schema)', () => {
    const written: unknown = JSON.parse(readFileSync(new URL('../../media/plan.schema.json', import.meta.url), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(planJsonSchema())));
  });

  it('does not require keys that have a default', () => {
    const schema = planJsonSchema() as { title?: string; required?: string[] };
    expect(schema.title).toBe('Thaw fine-tuning plan');
    expect(schema.required).toEqual(['version', 'model', 'input', 'data', 'head', 'blocks', 'phases', 'optimizer']);
  });
});

describe('schemasAt', () => {
  it('follows keys, records, lists and unions', () => {
    const types = (...path: (string | number)[]): (string | undefined)[] =>
      schemasAt(planJsonSchema(), path).map((schema) => schema.type);
    expect(types('phases', 3, 'epochs')).toEqual(['integer']);
    expect(types('blocks', 'anything', 'layers', 'x', 'learningRate')).toEqual(['number']);
    expect(types('data', 'validation')).toEqual(['number', 'string']);
    expect(types('earlyStopping')).toEqual(['object', 'null']);
    expect(types('nothing')).toEqual([]);
    expect(types('constructor')).toEqual([]);
  });

  it('takes the object of a union that the value names', () => {
    const keysOf = (schedule: unknown): string[][] =>
      schemasAt(planJsonSchema(), ['phases', 0, 'schedule'], { version: 1, phases: [{ schedule }] }).map((schema) =>
        Object.keys(schema.properties ?? {}),
      );
    expect(keysOf({ name: 'oneCycle' })).toEqual([['name', 'peakAt', 'start', 'end']]);
    expect(keysOf({ name: 'oneCicle' })).toHaveLength(6);
    expect(keysOf('oneCycle')).toHaveLength(6);
  });
});
