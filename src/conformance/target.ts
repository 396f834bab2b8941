import type { CaseQuestion, CaseRead, ConformanceCase, Outcome, Step } from './case.ts';

/** Who is judged, as the report names it. */
export interface Implementation {
  readonly organization: string;
  readonly project: string;
  readonly version: string;
  readonly url?: string;
}

/** A mesh, or a simulation of one, that cases run against. */
export interface Target {
  /** As `--target` names it. */
  readonly name: string;
  readonly implementation: Implementation;
  /** Until a change of resources must show in every answer; 0 where it does so at once. */
  readonly convergenceMillis: number;
  /** How many cases of a batch run at a time. */
  readonly concurrency: number;
  /** How many batches have their mesh at a time; 1 where it is not said. */
  readonly batchesAtOnce?: number;
  /** Which questions to an apiserver it can answer; cases with others are skipped. */
  readonly reads?: (question: ReadQuestion) => boolean;
  /** Whether it can have pods that are outside the mesh; cases with some are skipped otherwise. */
  readonly outsiders?: boolean;
  /** Why a case cannot run here, as a sentence without its full stop; it is skipped then. */
  unable(testCase: ConformanceCase): string | undefined;
  /** Divides cases into those that share a mesh. */
  batches(cases: readonly ConformanceCase[]): readonly (readonly ConformanceCase[])[];
  /** Starts the topology of a batch; rejects when it cannot, and then leaves nothing behind. */
  open(batch: readonly ConformanceCase[]): Promise<OpenMesh>;
}

export interface OpenMesh {
  /** Puts a step's resources in force. Settles when the mesh says that they are, as far as it can tell. */
  apply(testCase: ConformanceCase, step: Step): Promise<void>;
  /** Lets a pod's program send a request so many times; a simulation tells the shares instead. */
  ask(question: CaseQuestion, times: number): Promise<Answers>;
  /** What the apiserver answers to a GET of a path of the case: status and body. */
  read?(testCase: ConformanceCase, question: ReadQuestion): Promise<ReadAnswer>;
  /** Takes back what the case put in force, where others run in its place. */
  finish?(testCase: ConformanceCase): Promise<void>;
  close(): Promise<void>;
}

export type ReadQuestion = Omit<CaseRead, 'wants'>;

export interface ReadAnswer {
  readonly status: number;
  /** Of a success, with the names of the case. */
  readonly body?: unknown;
}

export type Answers =
  | { readonly kind: 'samples'; readonly observations: readonly Observation[] }
  | { readonly kind: 'exact'; readonly branches: readonly Branch[] };

export interface Observation {
  readonly outcome: Outcome;
  /** What else the same answer may mean, where it does not say. */
  readonly orElse?: readonly Outcome[];
  /** The request's target as the program saw it. */
  readonly seen?: string;
}

/** What happens with a share of weight / (sum of weights): one of these outcomes. */
export interface Branch {
  readonly weight: number;
  readonly outcomes: readonly Outcome[];
  readonly seen?: string;
}
