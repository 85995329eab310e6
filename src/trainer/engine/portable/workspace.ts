import type { Allocator } from './memoryGuard.ts';
import type { Workspace } from './parallelKernels.ts';

/** A piece of the heap that is kept from call to call and grows when more is asked for. */
export function createWorkspace(allocator: Allocator): Workspace {
  let [address, size] = [0, 0];
  return (values) => {
    const bytes = values * Float32Array.BYTES_PER_ELEMENT;
    if (bytes > size) {
      if (size > 0) allocator._free(address);
      // Nothing is kept if the next line throws.
      size = 0;
      address = allocator._malloc(bytes);
      size = bytes;
    }
    return address;
  };
}
