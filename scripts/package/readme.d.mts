export function packagedReadme(text: string, isShipped: (path: string) => boolean): string;
export function picturesIn(text: string): string[];
