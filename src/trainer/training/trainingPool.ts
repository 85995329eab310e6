import { dirname } from 'node:path';
import { type DataListing, groupedByFolder, listData, type Split } from '../../node/dataFolder.ts';
import type { PlanFile } from '../../node/planFile.ts';
import { commonFolder } from '../../node/splitFile.ts';
import type { Plan } from '../../shared/plan.ts';

/** All images that a plan may train on or be validated with; none has been opened. */
export interface TrainingPool {
  /** Folder that their files are named from. */
  root: string;
  /** Without those of other splits. */
  training: DataListing;
  /** Images that the data gives for validation; null where a share of the others is to be held out. */
  validation: DataListing | null;
}

/** Lists the images of a plan. Throws what `listData` throws. */
export async function listPool(file: PlanFile, { data }: Plan): Promise<TrainingPool> {
  const list = async (reference: string): Promise<DataListing> => {
    const listing = await listData(file.resolve(reference));
    return data.groups === 'folder' ? groupedByFolder(listing) : listing;
  };
  const listing = await list(data.train);
  const training = withSplits(listing, [null, 'train']);
  if (typeof data.validation === 'string') {
    const validation = await list(data.validation);
    return { root: commonFolder([folderOf(listing), folderOf(validation)]), training, validation };
  }
  const given = withSplits(listing, ['validation']);
  return { root: folderOf(listing), training, validation: given.images.length > 0 ? given : null };
}

function withSplits(listing: DataListing, splits: (Split | null)[]): DataListing {
  return { ...listing, images: listing.images.filter(({ split }) => splits.includes(split)) };
}

const folderOf = ({ root, layout }: DataListing): string => (layout === 'table' ? dirname(root) : root);

/** Name of the class of every file of a pool. */
export function classOfFiles({ training, validation }: TrainingPool): Map<string, string> {
  const listings = validation ? [training, validation] : [training];
  return new Map(
    listings.flatMap(({ images, classes }) =>
      images.map(({ file, classIndex }): [string, string] => [file, classes[classIndex]]),
    ),
  );
}
