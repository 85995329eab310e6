import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatCount } from '../../src/shared/format.ts';
import { post } from '../host.ts';
import { planDocument } from '../store.ts';
import { Icon } from './icons.tsx';

/** What is wrong with the text of the plan, each fault with the way to its line. */
export function Problems(): JSX.Element | null {
  const { problems, plan } = planDocument.value;
  if (problems.length === 0) return null;
  return (
    <section class="problems" role="alert" aria-labelledby="problems-title">
      <Icon name="error" />
      <div>
        <h2 id="problems-title">
          {problems.length === 1
            ? t('The plan file has 1 problem')
            : t('The plan file has {0} problems', formatCount(problems.length))}
        </h2>
        <ul>
          {problems.map(({ line, path, problem, nearest }) => (
            <li key={`${line}:${path}:${problem}`}>
              <span>
                {problem}
                {nearest !== undefined && ` ${t('Did you mean {0}?', nearest)}`}
              </span>{' '}
              <button type="button" class="link" onClick={() => post({ type: 'openAsText', line })}>
                {t('Open line {0}', line)}
              </button>
            </li>
          ))}
        </ul>
        {plan && (
          <p class="quiet">
            {t('Below is the plan as it was before. It can be edited here again once the text is valid.')}
          </p>
        )}
      </div>
    </section>
  );
}
