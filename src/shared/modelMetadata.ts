import * as z from 'zod';
import { CHANNEL_MODES, RESIZE_MODES, VALUE_RANGES, type InputSettings } from './plan.ts';

/** How an image becomes the input of a published network. */
export const preprocessingSchema = z.object({
  range: z.enum(VALUE_RANGES),
  resize: z.enum(RESIZE_MODES),
  channels: z.enum(CHANNEL_MODES),
});

/** What `metadata.json` beside a model says, as far as it is known here. */
export interface ModelMetadata {
  /** Class names in the order of the outputs. */
  labels?: string[];
  preprocessing?: InputSettings;
  /** Width and height in pixels, of Teachable Machine exports. */
  imageSize?: number;
  /** npm package that wrote the model, of Teachable Machine exports. */
  packageName?: string;
}

/** The `metadata.json` that is written beside a saved network. */
export interface SavedMetadata {
  labels: string[];
  /** Width and height in pixels. */
  preprocessing: InputSettings & { width: number; height: number };
  thaw: { version: string };
}

// A field that cannot be understood counts as absent: metadata.json has no standard, and the model works without it.
const metadataSchema = z
  .object({
    labels: z.array(z.string()).min(1).optional().catch(undefined),
    preprocessing: preprocessingSchema.optional().catch(undefined),
    imageSize: z.number().int().positive().optional().catch(undefined),
    packageName: z.string().optional().catch(undefined),
    grayscale: z.boolean().optional().catch(undefined),
  })
  .catch({});

/** Reads our own metadata and that of Teachable Machine; what is not understood is left out. */
export function parseModelMetadata(value: unknown): ModelMetadata {
  const { grayscale, ...metadata } = metadataSchema.parse(value);
  if (metadata.packageName === '@teachablemachine/image' && !metadata.preprocessing) {
    metadata.preprocessing = { range: '-1..1', resize: 'crop', channels: grayscale ? 'gray' : 'rgb' };
  }
  return metadata;
}
