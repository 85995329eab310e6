import sharp from 'sharp';
import { drawVariant, resolveAugmentation } from '../../shared/augmentation.ts';
import { ThawError } from '../../shared/errors.ts';
import { parsePlanText } from '../../shared/planText.ts';
import type { Thumbnail } from '../../shared/planView.ts';
import { Random } from '../../shared/random.ts';
import { varyImage } from '../../shared/varyImage.ts';
import { readImages } from '../data/imageReader.ts';
import type { RequestContext } from './requestContext.ts';

interface ThumbnailParams {
  text: string;
  inputShape: number[];
  files: string[];
  augmentation: number;
}

/** Images at the network's own size, cropped, in its colours, and augmented where asked for. */
export async function thumbnails(params: ThumbnailParams, context: RequestContext): Promise<{ images: Thumbnail[] }> {
  const parsed = parsePlanText(params.text);
  if ('problems' in parsed) throw new ThawError({ reason: 'planInvalid', path: 'plan', problems: parsed.problems });
  const { plan } = parsed;
  const [height, width, networkChannels] = params.inputShape;
  const channels = networkChannels === 1 ? 'gray' : plan.input.channels;
  const raw = { height, width, channels: channels === 'gray' ? 1 : 3 } as const;
  const setting = resolveAugmentation(plan.augment);
  const images: Thumbnail[] = [];
  for await (const image of readImages(
    params.files,
    { height, width, channels, resize: plan.input.resize },
    { signal: context.signal },
  )) {
    const file = params.files[image.index];
    if ('problem' in image) {
      images.push({ file, png: null, problem: image.problem });
      continue;
    }
    const random = Random.seeded(plan.seed, `thumbnail/${params.augmentation}/${image.index}`);
    const pixels =
      params.augmentation === 0 ? image.pixels : varyImage(image.pixels, raw, drawVariant(random, setting));
    images.push({ file, png: (await sharp(pixels, { raw }).png().toBuffer()).toString('base64') });
  }
  return { images };
}
