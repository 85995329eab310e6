/** What is known of a block when it is to be named. */
export interface NamelessBlock {
  /** Names of its layers with weights, in network order; of all its layers if none has weights. */
  weightedLayers: readonly string[];
  /** Name of the layer its branches join in. */
  join?: string;
}

/** The new output layers are called so everywhere; no block may be. */
const RESERVED = 'head';
const SEPARATOR = /[_/.-]/;

/**
 * A unique name for each block: what the names of its layers have in common (`block_16`), else the layer its branches
 * join in (`mixed3`), else its first layer. What several blocks would share (`conv` of `conv_dw_1`, `conv_dw_2`) names
 * none of them.
 */
export function nameBlocks(blocks: readonly NamelessBlock[]): string[] {
  const prefixes = blocks.map((block) => commonPrefix(block.weightedLayers));
  const labels = blocks.map((block, index) => {
    const prefix = prefixes[index];
    const identifies = prefix !== '' && prefixes.filter((other) => other === prefix).length === 1;
    return identifies ? prefix : (block.join ?? block.weightedLayers[0] ?? 'block');
  });
  return makeUnique(labels);
}

/** The longest common beginning that ends with a whole word of each name, without trailing separators. */
export function commonPrefix(names: readonly string[]): string {
  let length = names[0]?.length ?? 0;
  for (const name of names) {
    let same = 0;
    while (same < length && name[same] === names[0][same]) same++;
    length = same;
  }
  const endsWord = (name: string): boolean => name.length === length || SEPARATOR.test(name[length]);
  while (length > 0 && !names.every(endsWord)) length--;
  while (length > 0 && SEPARATOR.test(names[0][length - 1])) length--;
  return (names[0] ?? '').slice(0, length);
}

function makeUnique(labels: readonly string[]): string[] {
  const taken = new Set([RESERVED, ...labels]);
  const used = new Set([RESERVED]);
  return labels.map((label) => {
    let name = label;
    for (let suffix = 2; used.has(name) || (name !== label && taken.has(name)); suffix++) name = `${label}_${suffix}`;
    used.add(name);
    return name;
  });
}
