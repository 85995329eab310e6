import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS, CONTEXTS, EDITORS, RUN_EXTRAS, RUN_ITEM, SETTINGS, VIEWS } from '../../../src/extension/ids.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Item {
  command?: string;
  when?: string;
}
interface Contributes {
  commands: { command: string; title: string; category: string }[];
  customEditors: { viewType: string; selector: { filenamePattern: string }[] }[];
  views: Record<string, { id: string; icon: string }[]>;
  viewsContainers: { activitybar: { id: string; icon: string }[] };
  viewsWelcome: { view: string }[];
  menus: Record<string, Item[]>;
  keybindings: Item[];
  configuration: { properties: Record<string, unknown> };
  configurationDefaults: Record<string, Record<string, boolean>>;
  jsonValidation: { fileMatch: string; url: string }[];
  walkthroughs: { steps: { media: { svg: string }; completionEvents: string[] }[] }[];
}

const manifestText = readText('package.json');
const manifest = JSON.parse(manifestText) as { contributes: Contributes; icon: string; l10n: string };
const { contributes } = manifest;
const titles = JSON.parse(readText('package.nls.json')) as Record<string, string>;
const sorted = (values: Iterable<string>): string[] => [...values].sort();

describe('names that package.json and the code share', () => {
  it('are the same commands on both sides', () => {
    expect(sorted(contributes.commands.map(({ command }) => command))).toEqual(sorted(Object.values(COMMANDS)));
  });

  it('are the same views, editors and settings on both sides', () => {
    const views = Object.values(contributes.views).flat();
    expect(sorted(views.map(({ id }) => id))).toEqual(sorted(Object.values(VIEWS)));
    expect(sorted(contributes.customEditors.map(({ viewType }) => viewType))).toEqual(sorted(Object.values(EDITORS)));
    expect(sorted(Object.keys(contributes.configuration.properties))).toEqual(sorted(Object.values(SETTINGS)));
  });

  it('are known commands in every menu, keybinding, link and event', () => {
    const items = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
    const linked = [...JSON.stringify(titles).matchAll(/command:(thaw\.\w+)/g)].map((match) => match[1]);
    const events = contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap((step) => step.completionEvents));
    const awaited = events.filter((event) => event.startsWith('onCommand:')).map((event) => event.slice(10));
    const used = [...items.map(({ command }) => command ?? ''), ...linked, ...awaited];
    // Focusing a view is a command that the editor adds for every view.
    const known = new Set<string>([...Object.values(COMMANDS), 'thaw.runs']);
    expect(used.filter((command) => !known.has(command))).toEqual([]);
  });

  it('are the context keys and row kinds of the when clauses', () => {
    const clauses = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map(
      ({ when }) => when ?? '',
    );
    const keys = new Set(clauses.flatMap((clause) => clause.match(/thaw\.\w+(?= [!=]=)/g) ?? []));
    expect(sorted(keys)).toEqual(sorted(Object.values(CONTEXTS)));
    const all = clauses.join(' ');
    for (const kind of Object.values(RUN_ITEM)) expect(all).toMatch(new RegExp(`viewItem (!=|==|=~ /\\^)\\s?${kind}`));
    for (const extra of Object.values(RUN_EXTRAS)) expect(all).toContain(`\\${extra}/`);
  });

  it('has a text for every placeholder, and no text without one', () => {
    const used = [...manifestText.matchAll(/"%([^%"]+)%"/g)].map((match) => match[1]);
    expect(sorted(new Set(used))).toEqual(sorted(Object.keys(titles)));
  });

  it('names files that exist', () => {
    const { customEditors, viewsContainers, views, walkthroughs, jsonValidation } = contributes;
    const files = [
      manifest.icon,
      ...viewsContainers.activitybar.map(({ icon }) => icon),
      ...Object.values(views).flatMap((list) => list.map(({ icon }) => icon)),
      ...walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
      ...jsonValidation.map(({ url }) => url),
      join(manifest.l10n, 'bundle.l10n.json'),
    ];
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(customEditors[0].selector).toEqual([{ filenamePattern: '*.finetune.json' }]);
  });

  it('keeps runs out of search and watching', () => {
    expect(contributes.configurationDefaults['files.watcherExclude']).toEqual({ '**/.thaw/**': true });
    expect(contributes.configurationDefaults['search.exclude']).toEqual({ '**/.thaw': true });
  });

  it('draws the walkthrough in the colours of the theme', () => {
    const folder = join(root, 'media', 'walkthrough');
    const colours = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
    expect(colours).toHaveLength(5);
    for (const [name, svg] of colours) {
      expect([name, /#[0-9a-f]{3,8}\b|rgb/i.test(svg)]).toEqual([name, false]);
      expect([name, svg.includes('var(--vscode-')]).toEqual([name, true]);
    }
  });
});
