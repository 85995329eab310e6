import { expect, it } from 'vitest';
import { distinctNames } from '../../src/shared/distinctNames.ts';

it.each([
  { what: 'the last part where it is enough', paths: ['/w/runs/first', '/w/runs/second'], names: ['first', 'second'] },
  {
    what: 'as many parts as it takes for those that are alike',
    paths: ['/w/red/runs/one', '/w/blue/runs/one', '/w/red/runs/two'],
    names: ['red/runs/one', 'blue/runs/one', 'two'],
  },
  { what: 'more of a path that lies within the other', paths: ['/a/b', '/x/a/b'], names: ['/a/b', 'x/a/b'] },
  { what: 'the parts of a path of Windows', paths: ['C:\\red\\one', 'C:\\blue\\one'], names: ['red/one', 'blue/one'] },
  { what: 'the whole of what is there twice', paths: ['/a/b', '/a/b'], names: ['/a/b', '/a/b'] },
])('gives $what', ({ paths, names }) => {
  expect(distinctNames(paths)).toEqual(names);
});
