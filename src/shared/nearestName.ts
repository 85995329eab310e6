import { distance } from 'fastest-levenshtein';

/**
 * The candidate with the smallest edit distance to `name` (case counts less than any other change); the first of equals.
 * Undefined only when there are no candidates.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const cost = distance(name.toLowerCase(), candidate.toLowerCase()) + 0.01 * distance(name, candidate);
    if (cost < least) {
      least = cost;
      nearest = candidate;
    }
  }
  return nearest;
}
