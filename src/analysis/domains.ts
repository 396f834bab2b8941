/** The texts that a request can have in each of its parts, as RE2 expressions on octets. */

const plain = String.raw`!$&'()*+,:;=@\[\]~\w-`;
/** Escapes that stay in a normal path: of no unreserved octet, slash, backslash or NUL. */
const kept = '%(?:0[1-9A-Fa-f]|1[0-9A-Fa-f]|2[0-9A-Ca-c]|3[A-Fa-f]|40|5[BDEbde]|60|7[BCDFbcdf]|[89A-Fa-f][0-9A-Fa-f])';
const unit = (octets: string) => `(?:[${octets}]|${kept})`;
const any = unit(`${plain}.`);
/** Not `.`, not `..`, and not either of them with a parameter. */
const segment = `(?:${unit(plain)}|[.]${unit(plain.replace(';', ''))}|[.][.]${unit(`${plain}.`.replace(';', ''))})${any}*`;

/** Every path in normal form, and only those. */
export const normalPaths = `/|(?:/${segment})+/?`;

const visible = String.raw`[!-~\x{80}-\x{ff}]`;

/** Header values as HTTP can carry them (RFC 9110 section 5.5): no white space at either end. */
export const headerValues = String.raw`(?:${visible}(?:[ \t!-~\x{80}-\x{ff}]*${visible})?)?`;

/** Names in letters of any case, each with one of the ports or none. */
export function authorities(names: readonly string[], ports: readonly number[]): string {
  const written = names.map((name) => quote(name.includes(':') ? `[${name}]` : name));
  return `(?i:${written.join('|')})(?::(?:${ports.join('|')}))?`;
}

/** The expression that matches a text and nothing else. */
export function quote(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
