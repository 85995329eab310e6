import { signal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatCount } from '../../src/shared/format.ts';
import type { PlanData, Thumbnail } from '../../src/shared/planView.ts';
import { post } from '../host.ts';
import { data, loadedNetwork, thumbnails } from '../store.ts';
import { FeatureCache } from './featureCache.tsx';
import { Icon } from './icons.tsx';
import { LearningCurve } from './learningCurve.tsx';
import { Sentence } from './sentence.tsx';
import { Term } from './term.tsx';

const PAGE = 24;

const chosenClass = signal<string | null>(null);
/** 0 shows the images as they are; every other number is one draw of the random changes. */
const augmentation = signal(0);

/** The images of the plan: how many of each class, and how the network sees them. */
export function DataPanel(): JSX.Element {
  const { value: loadable } = data;
  if (loadable.state === 'loading') return <p class="quiet">{t('The images are being counted.')}</p>;
  if (loadable.state === 'failed') {
    return (
      <p class="failure">
        <Icon name="error" /> {loadable.problem}
      </p>
    );
  }
  const images = loadable.value;
  const shown = chosenClass.value ?? images.classes[0];
  return (
    <div class="data">
      <Classes images={images} shown={shown} />
      <LearningCurve />
      <Thumbnails className={shown} />
      <ProblemFiles images={images} />
      <FeatureCache />
    </div>
  );
}

function Classes({ images, shown }: { images: PlanData; shown: string }): JSX.Element {
  const largest = Math.max(1, ...Object.values(images.perClass));
  return (
    <ul class="classes" aria-label={t('Classes')}>
      {images.classes.map((name) => {
        const count = images.perClass[name] ?? 0;
        return (
          <li key={name}>
            <button type="button" aria-pressed={name === shown} onClick={() => (chosenClass.value = name)}>
              <span class="class-name" title={name}>
                {name}
              </span>
              <span class="class-count numbers">{formatCount(count)}</span>
              <span class="class-bar">
                <span style={{ width: `${(count / largest) * 100}%` }} />
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Thumbnails({ className }: { className: string }): JSX.Element {
  const { value: shownAugmentation } = augmentation;
  const page = thumbnails.value.get(className);
  const present = page?.augmentation === shownAugmentation ? page : undefined;
  const known = present !== undefined;
  useEffect(() => {
    if (!known) ask(className, 0);
  }, [className, shownAugmentation, known]);
  return (
    <div class="thumbnails">
      <div class="thumbnails-head">
        <h3>
          <Sentence
            text={t('{0} <0>as the network sees it</0>')}
            values={[className]}
            marks={[(words) => <span class="quiet">{words}</span>]}
          />
        </h3>
        <vscode-checkbox
          checked={shownAugmentation > 0}
          onChange={(event) => (augmentation.value = event.currentTarget.checked ? 1 : 0)}
        >
          {t('Augmented')}
        </vscode-checkbox>
        <Term id="augmentation">{t('What is this?')}</Term>
        <button
          type="button"
          class="link"
          disabled={shownAugmentation === 0}
          onClick={() => (augmentation.value = shownAugmentation + 1)}
        >
          {t('Draw again')}
        </button>
      </div>
      <ul class="thumbnail-grid" aria-label={t('Images of {0}', className)}>
        {(present ?? page)?.images.map((image) => (
          <li key={image.file}>
            <ImageButton image={image} />
          </li>
        ))}
      </ul>
      {!page && <p class="quiet">{t('The images are being read.')}</p>}
      {present && present.images.length < present.total && (
        <button type="button" class="link" onClick={() => ask(className, present.images.length)}>
          {t('Show more ({0})', formatCount(present.total - present.images.length))}
        </button>
      )}
    </div>
  );
}

function ask(className: string, offset: number): void {
  post({ type: 'thumbnails', className, offset, count: PAGE, augmentation: augmentation.value });
}

function ImageButton({ image }: { image: Thumbnail }): JSX.Element {
  const name = image.file.split(/[\\/]/).at(-1) ?? image.file;
  return (
    <button
      type="button"
      class="thumbnail"
      title={image.problem ? `${image.file}: ${image.problem}` : image.file}
      aria-label={image.problem ? t('Open {0}, which has a problem: {1}', name, image.problem) : t('Open {0}', name)}
      onClick={() => post({ type: 'openImage', file: image.file })}
    >
      {image.png === null ? <Icon name="error" /> : <img src={`data:image/png;base64,${image.png}`} alt="" />}
    </button>
  );
}

/** Files left out of training, and files that train but deserve a look (duplicates, very small images). */
function ProblemFiles({ images }: { images: PlanData }): JSX.Element {
  const { problems } = images;
  // What is small for photographs may be all that the network takes in.
  const networkSide = Math.min(...(loadedNetwork.value?.inputShape.slice(0, 2) ?? []));
  const notes = (images.notes ?? []).filter(({ side }) => side === undefined || side < networkSide);
  const leftOut = problems.length === 1 ? t('1 file left out') : t('{0} files left out', formatCount(problems.length));
  const toLookAt = notes.length === 1 ? t('1 image to look at') : t('{0} images to look at', formatCount(notes.length));
  return (
    <>
      <FileList files={problems} title={leftOut} />
      <FileList files={notes} title={toLookAt} />
    </>
  );
}

function FileList({ files, title }: { files: PlanData['problems']; title: string }): JSX.Element | null {
  if (files.length === 0) return null;
  return (
    <details class="problem-files">
      <summary>
        <Icon name="warning" /> {title}
      </summary>
      <ul>
        {files.map(({ file, problem }) => (
          <li key={file}>
            <button type="button" class="link" onClick={() => post({ type: 'openImage', file })}>
              {file}
            </button>{' '}
            <span class="quiet">{problem}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
