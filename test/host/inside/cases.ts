import { activationCases } from './activation.ts';
import type { HostCases } from './hostCase.ts';
import { planEditingCases } from './planEditing.ts';
import { planEditorCases } from './planEditor.ts';

/** Everything that is tested inside the extension host, in this order. */
export const HOST_CASES: HostCases = { ...activationCases, ...planEditingCases, ...planEditorCases };
