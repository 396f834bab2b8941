import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../../../../src/proxy/http2/hpack/decoder.ts';

type Lines = readonly (readonly [name: string, value: string])[];

const decoder = (tableBytes = 4096) => new HpackDecoder({ tableBytes, listBytes: 100_000, lines: 1_000 });

function decode(by: HpackDecoder, hex: string): Lines | undefined {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return by.decode(bytes, 0, bytes.length, false)?.lines.map(({ name, value }) => [name, value] as const);
}

const get = (path: string, scheme: string): Lines => [
  [':method', 'GET'],
  [':scheme', scheme],
  [':path', path],
  [':authority', 'www.example.com'],
];
const requests: readonly Lines[] = [
  get('/', 'http'),
  [...get('/', 'http'), ['cache-control', 'no-cache']],
  [...get('/index.html', 'https'), ['custom-key', 'custom-value']],
];
const response = (status: string, date: string): Lines => [
  [':status', status],
  ['cache-control', 'private'],
  ['date', date],
  ['location', 'https://www.example.com'],
];
const responses: readonly Lines[] = [
  response('302', 'Mon, 21 Oct 2013 20:13:21 GMT'),
  response('307', 'Mon, 21 Oct 2013 20:13:21 GMT'),
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

describe('RFC 7541 appendix C', () => {
  it.each([
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', [['custom-key', 'custom-header']]],
    ['C.2.2', '040c2f73616d706c652f70617468', [[':path', '/sample/path']]],
    ['C.2.3', '100870617373776f726406736563726574', [['password', 'secret']]],
    ['C.2.4', '82', [[':method', 'GET']]],
  ])('%s', (_, hex, lines) => {
    expect(decode(decoder(), hex)).toEqual(lines);
  });

  it.each([
    [
      'C.3',
      4096,
      requests,
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4',
      4096,
      requests,
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
    [
      'C.5',
      256,
      responses,
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
    ],
    [
      'C.6',
      256,
      responses,
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
    ],
  ])('%s', (_, tableBytes, lists, blocks) => {
    const by = decoder(tableBytes);
    expect(blocks.map((hex) => decode(by, hex))).toEqual(lists);
  });
});

describe('a block that is malformed:', () => {
  it.each([
    ['index 0', '80'],
    ['an index beyond both tables', 'be'],
    ['a name beyond both tables', '7e0161'],
    ['an integer without end', 'ff'],
    ['an integer beyond 28 bits', 'ffffffffffff7f'],
    ['an integer with endless zeros', 'ff80808080808000'],
    ['a string without length', '00'],
    ['a string that is longer than the block', '000561'],
    ['a value that is missing', '000161'],
    ['EOS in a string', '000161 84ffffffff'],
    ['more than seven bits of padding', '000161 821fff'],
    ['padding of other bits than ones', '000161 8118'],
    ['a table beyond what was allowed', '3fe21f'],
    ['a change of the table behind a line', '82 20'],
  ])('%s', (_, hex) => {
    expect(decode(decoder(), hex)).toBeUndefined();
  });

  it('a line that was evicted', () => {
    const by = decoder(64);
    expect(decode(by, '4001610162')).toEqual([['a', 'b']]);
    expect(decode(by, 'be')).toEqual([['a', 'b']]);
    expect(decode(by, '4001630164')).toEqual([['c', 'd']]);
    expect(decode(by, 'bf')).toBeUndefined();
  });
});

describe('the dynamic table', () => {
  it('shrinks and grows as the peer says', () => {
    const by = decoder();
    expect(decode(by, '4001610162 4001630164')).toHaveLength(2);
    expect(decode(by, '3f03 be')).toEqual([['c', 'd']]);
    expect(decode(by, '3f03 bf')).toBeUndefined();
    expect(decode(by, '3fe11f be')).toEqual([['c', 'd']]);
    expect(decode(by, '20 3fe11f be')).toBeUndefined();
  });

  it('is emptied by a line that is larger', () => {
    const by = decoder(64);
    expect(decode(by, '4001610162')).toHaveLength(1);
    expect(decode(by, 'be')).toHaveLength(1);
    expect(decode(by, 'be')).toHaveLength(1);
    expect(decode(by, `400161 28${'62'.repeat(40)}`)).toEqual([['a', 'b'.repeat(40)]]);
    expect(decode(by, 'be')).toBeUndefined();
  });
});

describe('bounds of a list', () => {
  const by = () => new HpackDecoder({ tableBytes: 4096, listBytes: 100, lines: 4 });

  it.each([
    ['its size', `000161 28${'62'.repeat(40)} 000161 28${'62'.repeat(40)}`, 1],
    ['its lines', '8282828282', 2],
  ])('mark one that exceeds %s, and keep the tables in step', (_, hex, kept) => {
    const bounded = by();
    const bytes = Buffer.from(`${hex.replaceAll(' ', '')}4001610162`, 'hex');
    const list = bounded.decode(bytes, 0, bytes.length, false)!;
    expect([list.tooLarge, list.lines.length]).toEqual([true, kept]);
    expect(decode(bounded, 'be')).toEqual([['a', 'b']]);
  });
});
