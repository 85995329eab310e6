import { ThawError, type Problem } from '../../src/shared/errors.ts';

/** The problem a promise fails with; fails the test when it does not fail, or with anything but a ThawError. */
export async function problemFrom(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ThawError) return error.problem;
    throw error;
  }
  throw new Error('It should have failed.');
}
