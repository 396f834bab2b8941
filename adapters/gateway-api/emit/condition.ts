/** One HTTPRouteMatch. */
export interface Condition {
  readonly path: PathCondition;
  readonly method?: string;
  /** By name; each name once. */
  readonly headers: readonly HeaderCondition[];
}

export interface PathCondition {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
}

export interface HeaderCondition {
  readonly type: 'Exact' | 'RegularExpression';
  readonly name: string;
  readonly value: string;
}

export const everyPath: PathCondition = { type: 'PathPrefix', value: '/' };
export const everyRequest: Condition = { path: everyPath, headers: [] };

export const maxHeaders = 16;

/** Equal for equal conditions. */
export function conditionKey({ path, method, headers }: Condition): string {
  return JSON.stringify([
    path.type,
    path.value,
    method ?? '',
    headers.map(({ type, name, value }) => [type, name, value]),
  ]);
}
