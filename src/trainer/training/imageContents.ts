import { CacheFolder } from '../../node/featureCache/cacheFolder.ts';
import { sha256 } from '../../node/featureCache/contentKey.ts';
import { type FileContent, FileHashes } from '../../node/featureCache/fileHashes.ts';
import { readImageFile } from '../data/decodeImage.ts';
import { unreadableDetail } from '../data/imageReader.ts';

/**
 * What the image files of a run hold, by their hashes, and where what was computed of them is kept. A file is hashed once: a
 * run goes by what it held then.
 */
export class ImageContents {
  private readonly hashes = new Map<string, string>();

  private constructor(
    /** Null where nothing is kept from one run to the next. */
    readonly folder: CacheFolder | null,
    private readonly files: FileHashes,
  ) {}

  /** @param root a folder around the images */
  static async open(root: string): Promise<ImageContents> {
    const folder = await CacheFolder.open();
    return new ImageContents(folder, await FileHashes.open(folder, root));
  }

  /** The hash of a file, and its content where it had to be read. Throws `imageUnreadable`. */
  async open(file: string): Promise<FileContent> {
    const found = await this.files.of(file, readImageFile);
    this.hashes.set(file, found.sha256);
    return found;
  }

  /** Reads a file, whatever is known of it. Throws `imageUnreadable`. */
  async read(file: string): Promise<{ sha256: string; content: Uint8Array }> {
    const content = await readImageFile(file);
    const hash = sha256(content);
    this.hashes.set(file, hash);
    return { sha256: hash, content };
  }

  /** The hash of a file; null for one that cannot be read. */
  async hashOf(file: string): Promise<string | null> {
    const known = this.hashes.get(file);
    if (known !== undefined) return known;
    try {
      return (await this.open(file)).sha256;
    } catch (error) {
      // Throws on whatever is no fault of the image.
      unreadableDetail(error);
      return null;
    }
  }

  /** Remembers the hashes for the next run. */
  async save(): Promise<void> {
    await this.files.save();
  }
}
