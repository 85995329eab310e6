import * as z from 'zod';
import type { Plan } from './plan.ts';
import { backboneOf } from './planEdits/backbone.ts';
import { setFrozen } from './planEdits/freezing.ts';
import { cutAfter } from './planEdits/cut.ts';
import { applyPreset } from './planEdits/preset.ts';
import { editLabel } from './planEdits/label.ts';
import { planChanges, sameJson } from './planEdits/planChanges.ts';
import { setBlockRate, setHeadRate, setLayerRate, spreadRates } from './planEdits/rates.ts';
import { applyChallenger, applyQuadrant, applyWay, requireNetwork } from './planEdits/recommended.ts';
import type { PlanData, PlanNetwork } from './planView.ts';
import type { SimilarityMeasurement } from './similarityResult.ts';
import { SCHEDULE_PRESET_IDS } from './schedulePresets.ts';

const name = z.string().min(1);
const rate = z.number().positive().max(100);
const level = z.enum(['low', 'high']);

/** A block, or one of its layers. */
export const freezeTargetSchema = z.object({ block: name, layer: name.optional() });
export type FreezeTarget = z.output<typeof freezeTargetSchema>;

/** The ways of transfer a plan may take. */
export const TRANSFER_WAYS = ['featureExtractor', 'fineTune', 'plainStart'] as const;

/** Everything the plan editor can do to a plan; each is one undo step. */
export const planEditSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('freeze'), targets: z.array(freezeTargetSchema).min(1), frozen: z.boolean() }),
  /** Freezes this block and all before it, and thaws all after it. */
  z.object({ kind: z.literal('freezeUpTo'), block: name }),
  z.object({ kind: z.literal('freezeAll'), frozen: z.boolean() }),
  /** Puts the head on this block; all after it leave the network and the plan. */
  z.object({ kind: z.literal('cutAfter'), block: name }),
  z.object({ kind: z.literal('blockRate'), block: name, rate }),
  z.object({ kind: z.literal('layerRate'), block: name, layer: name, rate: rate.nullable() }),
  z.object({ kind: z.literal('headRate'), rate }),
  /** A geometric spread over the unfrozen blocks, from the first to the last. */
  z.object({ kind: z.literal('spreadRates'), low: rate, high: rate }),
  /** Applies the plan of a quadrant; an amount or a similarity that differs is then the user's. */
  z.object({ kind: z.literal('quadrant'), data: level, similarity: level }),
  /**
   * Applies the plan of a quadrant, or where a block is named, in its place a head there and nothing else that trains: what
   * `findChallenger` finds.
   */
  z.object({ kind: z.literal('challenger'), headAfter: name.nullable(), data: level, similarity: level }),
  z.object({ kind: z.literal('way'), way: z.enum(TRANSFER_WAYS) }),
  /** Phases and rates of a named recipe, on all blocks of the network. */
  z.object({ kind: z.literal('preset'), preset: z.enum(SCHEDULE_PRESET_IDS) }),
  /** Any other key, such as `batchSize`. Undefined removes it. */
  z.object({ kind: z.literal('setting'), path: z.array(z.union([name, z.number().int()])).min(1), value: z.unknown() }),
]);
export type PlanEdit = z.output<typeof planEditSchema>;

/** What is known besides the plan, as far as it is. */
export interface PlanSources {
  network: PlanNetwork | null;
  data?: PlanData | null;
  /** What was measured of the images in the network. */
  similarity?: SimilarityMeasurement | null;
}

/** One place of the plan file and its new value; undefined removes the key. */
export interface PlanChange {
  path: (string | number)[];
  value?: unknown;
}

/**
 * What an edit means for the plan file: the fewest places to change, and a label for the undo stack. A plan that is valid
 * for its network stays valid, except under `setting`, which changes any one place as told. What the network does not
 * have is left alone; while the network is not known the plan's own names are taken instead. Throws `usage` for `quadrant`,
 * `challenger`, `cutAfter`, `way` and `preset` without the network.
 */
export function applyPlanEdit(
  plan: Plan,
  edit: PlanEdit,
  sources: PlanSources,
): { changes: PlanChange[]; label: string } {
  const label = editLabel(edit);
  if (edit.kind === 'setting') return { changes: settingChanges(plan, edit.path, edit.value), label };
  return { changes: planChanges(plan, editedPlan(plan, edit, sources)), label };
}

/** The plan as `applyPlanEdit` leaves it. */
export function editedPlan(plan: Plan, edit: Exclude<PlanEdit, { kind: 'setting' }>, sources: PlanSources): Plan {
  const draft = structuredClone(plan);
  editDraft(draft, edit, sources);
  return draft;
}

/** Every edit but `setting`, which may lead out of the type of a plan. */
function editDraft(draft: Plan, edit: Exclude<PlanEdit, { kind: 'setting' }>, sources: PlanSources): void {
  const { network } = sources;
  const backbone = backboneOf(draft, network, edit);
  const targets = backbone.map(({ name: block }) => ({ block }));
  switch (edit.kind) {
    case 'freeze':
      setFrozen(draft, backbone, edit.targets, edit.frozen);
      break;
    case 'freezeUpTo': {
      const end = targets.findIndex(({ block }) => block === edit.block) + 1;
      if (end === 0) break;
      setFrozen(draft, backbone, targets.slice(0, end), true);
      setFrozen(draft, backbone, targets.slice(end), false);
      break;
    }
    case 'freezeAll':
      setFrozen(draft, backbone, targets, edit.frozen);
      break;
    case 'cutAfter':
      cutAfter(draft, requireNetwork(network), edit.block);
      break;
    case 'blockRate':
      setBlockRate(draft, backbone, edit.block, edit.rate);
      break;
    case 'layerRate':
      setLayerRate(draft, backbone, edit, edit.rate);
      break;
    case 'headRate':
      setHeadRate(draft, edit.rate);
      break;
    case 'spreadRates':
      spreadRates(draft, backbone, edit.low, edit.high);
      break;
    case 'quadrant':
      applyQuadrant(draft, sources, edit.data, edit.similarity);
      break;
    case 'challenger':
      applyChallenger(draft, sources, edit);
      break;
    case 'way':
      applyWay(draft, sources, edit.way);
      break;
    case 'preset':
      applyPreset(draft, network, edit.preset);
      break;
  }
}

function settingChanges(plan: Plan, path: PlanChange['path'], value: unknown): PlanChange[] {
  let present: unknown = plan;
  for (const step of path) {
    const inside = typeof present === 'object' && present !== null && Object.hasOwn(present, step);
    present = inside ? (present as Record<string | number, unknown>)[step] : undefined;
  }
  // A key that is left out may stand in the file with the value of its default, so a removal is always made.
  return value !== undefined && sameJson(present, value) ? [] : [{ path, value }];
}
