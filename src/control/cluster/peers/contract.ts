import type { ObjectKey } from '../../../diagnostics/origin.ts';

/** An object as its author has written it last: a status that is written makes no other version of it. */
export interface ObjectVersion {
  readonly object: ObjectKey;
  readonly uid: string;
  /** `metadata.generation`. */
  readonly generation: number;
}

/** Which of them every proxy of the replica has, in that version or a later one. */
export interface LandedAnswer {
  readonly landed: readonly ObjectKey[];
}

export const landedPath = '/landed';
/** Objects in one question. */
export const maxQuestion = 500;
