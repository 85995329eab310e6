/** The name itself when it is free, else the first of `name_1`, `name_2`, … that is. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 1;
  while (taken.has(`${name}_${number}`)) number++;
  return `${name}_${number}`;
}
