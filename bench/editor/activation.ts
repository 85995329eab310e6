import { type Editor, EditorWindow } from './editorWindow.ts';
import type { Measured } from './measured.ts';
import type { ActivationTimes } from './probe/protocol.ts';
import { formatSpread } from '../reportText.ts';

/** Processor time that Thaw's activation costs the extension host, each time in a new window in which nothing of it was used. */
export async function measureActivation(editor: Editor, { repetitions }: { repetitions: number }): Promise<Measured[]> {
  const times: ActivationTimes[] = [];
  for (let each = 0; each < repetitions; each++) {
    const window = await EditorWindow.open(editor);
    times.push(await window.probe.ask('activate'));
    await window.close();
  }
  const loading = formatSpread(times.map((each) => each.loading));
  const activating = formatSpread(times.map((each) => each.activating));
  return [
    {
      subject: 'activation',
      values: times.map((each) => each.loading + each.activating),
      note: `loading ${loading} ms, \`activate\` ${activating} ms`,
      profile: [],
    },
  ];
}
