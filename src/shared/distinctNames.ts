/** The shortest ends of paths that tell them apart: `first`, or `red/first` and `blue/first`. A path given twice stays whole. */
export function distinctNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(/[\\/]/).filter((part) => part !== ''));
  return parts.map((own, index) => {
    for (let length = 1; length <= own.length; length++) {
      const name = own.slice(-length).join('/');
      if (parts.every((other, position) => position === index || other.slice(-length).join('/') !== name)) return name;
    }
    return paths[index];
  });
}
