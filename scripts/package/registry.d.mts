export class RegistryUnreachable extends Error {}
export function fetchPackages(
  packages: { name: string; version: string; integrity: string }[],
  cache?: string,
): Promise<string[]>;
