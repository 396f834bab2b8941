const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration as Gateway API writes it (GEP-2257): `90s`, `1m30s`, `250ms`, units in any order but each at
 * most once; `undefined` for anything else.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:[0-9]{1,5}(?:ms|s|m|h)){1,4}$/.test(text)) return undefined;
  const parts = [...text.matchAll(/([0-9]+)(ms|s|m|h)/g)];
  if (new Set(parts.map(([, , unit]) => unit)).size !== parts.length) return undefined;
  return parts.reduce((sum, [, count = '', unit = '']) => sum + Number(count) * (unitMillis[unit] ?? 0), 0);
}

/** Writes milliseconds so that `parseDuration` reads them: `1m30s`. */
export function formatDuration(millis: number): string {
  let rest = Math.round(millis);
  const parts = ['h', 'm', 's', 'ms'].map((unit) => {
    const count = Math.floor(rest / (unitMillis[unit] ?? 1));
    rest -= count * (unitMillis[unit] ?? 1);
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0s';
}
