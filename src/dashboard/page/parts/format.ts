import type { Ejected } from '../../api/contract.ts';

/** `98.2/s`, `1.2k/s`. */
export function rate(perSecond: number): string {
  return `${short(perSecond)}/s`;
}

export function short(number: number): string {
  if (number >= 1_000_000) return `${(number / 1_000_000).toFixed(1)}M`;
  if (number >= 10_000) return `${Math.round(number / 1_000)}k`;
  if (number >= 1_000) return `${(number / 1_000).toFixed(1)}k`;
  return number >= 100 || Number.isInteger(number) ? String(Math.round(number)) : number.toFixed(1);
}

/** A share of 1 as `99.9 %`; whole only when it is so exactly. */
export function percent(share: number | undefined, digits = 1): string {
  if (share === undefined) return '–';
  const text = (share * 100).toFixed(digits);
  const exact = share === 0 || share === 1 || Math.abs(Number(text) - Math.round(share * 100)) > 0;
  return `${exact && (share === 0 || share === 1) ? share * 100 : text} %`;
}

export function millis(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value >= 1_000) return `${(value / 1_000).toFixed(2)} s`;
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

export function time(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
}

/** How long ago, in one unit. */
export function ago(at: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}

/** The namespace `default` goes without saying. */
export function name(text: string): string {
  return text.replace(/^default\//, '');
}

/** Since when, why, and until when, as far as it is known. */
export function ejectionText({ since, why, until }: Ejected, now = Date.now()): string {
  const known = [
    since === undefined ? '' : `since ${ago(since, now)}`,
    why ?? '',
    until === undefined ? '' : until > now ? `probed in ${Math.ceil((until - now) / 1_000)} s` : 'being probed',
  ].filter((text) => text !== '');
  return known.length === 0 ? 'its Envoy says neither since when nor why' : known.join(', ');
}
