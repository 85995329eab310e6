export function vsixPath(target: string | null): string;
