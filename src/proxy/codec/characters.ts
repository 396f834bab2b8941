/** Classes of octets in HTTP/1.1 (RFC 9110 5.6.2, 5.5; RFC 3986 3.3), as bits of one table. */
export const TOKEN = 1;
export const FIELD = 2;
/** May stand in an already normal path without a closer look. */
export const PLAIN_PATH = 4;
export const HOST = 8;
export const DIGIT = 16;

export const characters = new Uint8Array(256);

function add(set: string, bit: number): void {
  for (let i = 0; i < set.length; i++) characters[set.charCodeAt(i)]! |= bit;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
add(`${letters}${digits}!#$%&'*+-.^_\`|~`, TOKEN);
add(`${letters}${digits}-_~.!$&'()*+,;=:@/`, PLAIN_PATH);
add(`${letters}${digits}-._~!$&'()*+,;=:[]%`, HOST);
add(digits, DIGIT);
for (let code = 0x20; code < 0x100; code++) if (code !== 0x7f) characters[code]! |= FIELD;
characters[9]! |= FIELD;
