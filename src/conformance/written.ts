import type { MeshSettings } from '../model/types.ts';
import type { Api, Level, Manifest } from './case.ts';

/** A case as its file says it; the shape that the schema proves. */
export interface WrittenCase {
  readonly title: string;
  readonly api: Api;
  readonly feature: string;
  readonly level: Level;
  readonly clauses: readonly string[];
  readonly because?: string;
  readonly versions?: readonly string[];
  readonly settings?: Partial<MeshSettings>;
  readonly access?: 'open';
  readonly topology: string | WrittenTopology;
  readonly resources?: readonly Manifest[];
  readonly expect?: readonly WrittenExpectation[];
  readonly reads?: readonly WrittenRead[];
  readonly steps?: readonly {
    readonly apply?: readonly Manifest[];
    readonly remove?: readonly string[];
    readonly expect?: readonly WrittenExpectation[];
    readonly reads?: readonly WrittenRead[];
  }[];
}

export interface WrittenRead {
  readonly path: string;
  readonly as?: string;
  readonly direct?: true;
  readonly holds?: unknown;
  readonly status?: number;
}

/** Names are of the namespace `main`, or begin with `other/` or `third/`. */
export interface WrittenTopology {
  readonly like?: string;
  readonly pods: Readonly<Record<string, WrittenPod>>;
  readonly services?: Readonly<Record<string, WrittenService>>;
}

export interface WrittenPod {
  readonly account?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: boolean;
  readonly mesh?: false;
  readonly ports?: Readonly<Record<string, string>>;
}

interface WrittenService {
  readonly select: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, string>>;
}

export interface WrittenExpectation {
  readonly from: string;
  readonly to: string;
  readonly request?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly grpc?: string;
  readonly tcp?: true;
  readonly udp?: true;
  readonly gives: string | readonly string[] | Readonly<Record<string, number>>;
  readonly every?: true;
  readonly atLeast?: number;
  readonly tellApart?: readonly Readonly<Record<string, number>>[];
  readonly sees?: string;
}
