import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatBytes } from '../../src/shared/format.ts';
import { post } from '../host.ts';
import { featureCache, running } from '../store.ts';

/** What is kept of images for other runs, and a way to be rid of it. */
export function FeatureCache(): JSX.Element | null {
  const { value: isRunning } = running;
  // A run fills it: looked at when one begins and when it is over.
  useEffect(() => post({ type: 'cache' }), [isRunning]);
  const { value: cache } = featureCache;
  if (!cache) return null;
  if (!cache.enabled) return <p class="quiet feature-cache">{t('Cached features: switched off')}</p>;
  const { bytes, limitBytes, freedBytes } = cache;
  return (
    <p class="quiet feature-cache">
      <span>{t('Cached features: {0} of {1}', formatBytes(bytes), formatBytes(limitBytes))}</span>{' '}
      <button
        type="button"
        class="link"
        title={t('Deletes what the frozen layers computed of images; the next runs compute it again.')}
        aria-label={t('Clear the cached features')}
        onClick={() => post({ type: 'clearCache' })}
      >
        {t('Clear')}
      </button>{' '}
      <span role="status">{freedBytes === null ? '' : t('{0} freed', formatBytes(freedBytes))}</span>
    </p>
  );
}
