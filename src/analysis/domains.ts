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

/** A character beyond ASCII in UTF-8 (RFC 3629 section 4). */
const beyondAscii = [
  String.raw`[\x{c2}-\x{df}][\x{80}-\x{bf}]`,
  String.raw`\x{e0}[\x{a0}-\x{bf}][\x{80}-\x{bf}]`,
  String.raw`[\x{e1}-\x{ec}\x{ee}\x{ef}][\x{80}-\x{bf}]{2}`,
  String.raw`\x{ed}[\x{80}-\x{9f}][\x{80}-\x{bf}]`,
  String.raw`\x{f0}[\x{90}-\x{bf}][\x{80}-\x{bf}]{2}`,
  String.raw`[\x{f1}-\x{f3}][\x{80}-\x{bf}]{3}`,
  String.raw`\x{f4}[\x{80}-\x{8f}][\x{80}-\x{bf}]{2}`,
].join('|');

/** Header values as HTTP carries them (RFC 9110 section 5.5), of UTF-8: no white space at either end. */
export const headerValues = String.raw`(?:(?:[!-~]|${beyondAscii})(?:[ \t]*(?:[!-~]|${beyondAscii}))*)?`;

/** Names in letters of any case, each with one of the ports or none. */
export function authorities(names: readonly string[], ports: readonly number[]): string {
  const written = names.map((name) => quote(name.includes(':') ? `[${name}]` : name));
  return `(?i:${written.join('|')})(?::(?:${ports.join('|')}))?`;
}

/** The expression that matches a text and nothing else. */
export function quote(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
