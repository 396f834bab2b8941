import { readFileSync } from 'node:fs';
import { isRecord } from '../../../src/lib/values.ts';

/** One verb on one resource, and on one name where the role says so: the smallest piece of a role. */
export interface Right {
  /** Name and kind of the role. */
  readonly role: 'ClusterRole' | 'Role';
  readonly group: string;
  /** With a subresource behind a slash. */
  readonly resource: string;
  readonly name?: string;
  readonly verb: string;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export function rightsOf(role: Right['role'], rules: readonly Rule[]): readonly Right[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        (resourceNames ?? [undefined]).flatMap((name) =>
          verbs.map((verb) => ({ role, group, resource, verb, ...(name === undefined ? {} : { name }) })),
        ),
      ),
    ),
  );
}

/** The same rights as rules of a role, one for each. */
export function rulesOf(rights: readonly Right[]): readonly Rule[] {
  return rights.map(({ group, resource, name, verb }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [verb],
    ...(name === undefined ? {} : { resourceNames: [name] }),
  }));
}

export function describeRight({ role, group, resource, name, verb }: Right): string {
  return `${role}: ${verb} ${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
}

/** A request as the apiserver noted it. */
export interface NotedRequest {
  readonly user: string;
  readonly verb: string;
  readonly uri: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly code: number;
}

export function readAudit(file: string, user: string): readonly NotedRequest[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map(parsed).filter((request) => request.user === user);
}

function parsed(line: string): NotedRequest {
  const event = JSON.parse(line) as {
    readonly user: { readonly username: string };
    readonly verb: string;
    readonly requestURI: string;
    readonly objectRef?: Readonly<Record<string, string>>;
    readonly responseStatus?: { readonly code: number };
  };
  const {
    resource = '',
    subresource,
    apiGroup = '',
    namespace,
    name,
  } = isRecord(event.objectRef) ? event.objectRef : {};
  return {
    user: event.user.username,
    verb: event.verb,
    uri: event.requestURI,
    group: apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    code: event.responseStatus?.code ?? 0,
  };
}

/** Whether the request needed the right. Applying an object that is not there needs `create` beside `patch`. */
export function needs(request: NotedRequest, right: Right, namespace: string): boolean {
  if (request.group !== right.group || request.resource !== right.resource) return false;
  if (right.role === 'Role' && request.namespace !== namespace) return false;
  const created = request.verb === 'patch' && request.code === 201;
  if (request.verb !== right.verb && !(created && right.verb === 'create')) return false;
  return (
    right.name === undefined || right.name === request.name || request.uri.includes(`metadata.name%3D${right.name}`)
  );
}
