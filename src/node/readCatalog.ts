import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogSchema, type Catalog } from '../shared/catalog.ts';

/** The catalog that comes with Thaw. It is part of the installation: a fault in it is a fault of ours and is thrown as is. */
export async function readCatalog(mediaDirectory: string): Promise<Catalog> {
  return catalogSchema.parse(JSON.parse(await readFile(join(mediaDirectory, 'catalog.json'), 'utf8')));
}
