import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/node/readCatalog.ts';
import { catalogSchema } from '../../src/shared/catalog.ts';

const bundled = {
  id: 'small',
  kind: 'bundled',
  title: 'Small',
  path: 'small',
  licence: 'Apache-2.0',
  preprocessing: { range: '0..1', resize: 'crop', channels: 'rgb' },
  source: 'A test.',
};

describe('the catalog', () => {
  it('that comes with Thaw is valid and names its networks', async () => {
    const { models } = await readCatalog(resolve('media'));
    expect(models.map((model) => [model.id, model.kind, model.preprocessing.range])).toEqual([
      ['mobilenet_v2_0.35_224', 'download', '-1..1'],
      ['mobilenet_v2_1.00_224', 'download', '-1..1'],
      ['digits_backbone', 'bundled', '0..1'],
    ]);
  });

  it('takes an entry that is whole', () => {
    expect(catalogSchema.safeParse({ version: 1, models: [bundled] }).success).toBe(true);
  });

  it.each([
    ['an id twice', [bundled, bundled]],
    ['an id that looks like a path', [{ ...bundled, id: '../small' }]],
    ['no licence', [{ ...bundled, licence: '' }]],
    ['an unknown range', [{ ...bundled, preprocessing: { ...bundled.preprocessing, range: '0..2' } }]],
    ['a download without an address', [{ ...bundled, kind: 'download' }]],
    [
      'an address that is no web address',
      [{ ...bundled, path: undefined, kind: 'download', address: 'file:///etc/x' }],
    ],
  ])('refuses %s', (_, models) => {
    expect(catalogSchema.safeParse({ version: 1, models }).success).toBe(false);
  });
});
