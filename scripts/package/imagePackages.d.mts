export const TARGETS: string[];

export interface ImagePackage {
  /** `node_modules/…` */
  path: string;
  name: string;
  version: string;
  /** Hash with its algorithm before it, `sha512-…` in Base64. */
  integrity: string;
  licence: string;
}

export function imagePackages(target: string | null): ImagePackage[];
