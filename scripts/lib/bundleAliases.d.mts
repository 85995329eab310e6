export const BUNDLE_ALIASES: Record<string, string>;
