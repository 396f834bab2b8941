/** Octets as text, one character each: what heads are parsed in. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}
