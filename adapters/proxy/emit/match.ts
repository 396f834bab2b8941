import type { HttpMatch as HttpMatchMessage } from '../../../generated/types/proxy/smi/proxy/v1/HttpMatch.ts';
import type { Origin as OriginMessage } from '../../../generated/types/proxy/smi/proxy/v1/Origin.ts';
import type { PathMatch as PathMatchMessage } from '../../../generated/types/proxy/smi/proxy/v1/PathMatch.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import type { HttpMatch, PathMatch } from '../../../src/model/types.ts';

export function emitMatch(match: HttpMatch): HttpMatchMessage {
  return {
    ...(match.methods === 'any' ? {} : { methods: [...match.methods] }),
    ...(match.path === 'any' ? {} : { path: emitPath(match.path) }),
    ...(match.headers === 'any' ? {} : { headers: match.headers.map(({ name, re2 }) => ({ name, regex: re2 })) }),
  };
}

function emitPath(path: PathMatch): PathMatchMessage {
  switch (path.kind) {
    case 'exact':
      return { exact: path.value };
    case 'prefix':
      return { prefix: path.value };
    case 'regex':
      return { regex: path.re2 };
  }
}

export function emitOrigins(origins: readonly Origin[]): OriginMessage[] {
  return origins.map(({ object, path }) => ({ object, path }));
}
