/**
 * An HTTP status, a TCP connection that is served or closed without a byte, or no connection at all, or a datagram that a
 * program gets or nobody does.
 */
export type Answer = number | 'connected' | 'closed' | 'refused' | 'delivered' | 'dropped';

/** What the author of a case says; the shares of `self` are those of the service that the client names. */
export interface StatedExpectation {
  /** Any of these; more than one where pods behind one service differ. */
  readonly answers: readonly Answer[];
  readonly shares: 'unsaid' | readonly StatedShare[];
  /** The request target that the server's program sees. */
  readonly seen?: string;
}

export interface StatedShare {
  /** `NAMESPACE/NAME`. */
  readonly service: string;
  readonly weight: number;
  readonly answer: Answer;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads `status`, `tcp`, `shares` and `seen` of a request; service names without namespace are of `home`. */
export function readExpectation(item: Fields, home: string, place: string): StatedExpectation {
  const normal: Answer = item.udp !== undefined ? 'delivered' : item.tcp !== undefined ? 'connected' : 200;
  const stated = item.udp ?? item.tcp ?? item.status ?? normal;
  const answers = (Array.isArray(stated) ? stated : [stated]) as Answer[];
  for (const answer of answers) checkAnswer(answer, place);
  const seen = item.seen === undefined ? {} : { seen: String(item.seen) };
  if (item.shares === undefined) return { answers, shares: 'unsaid', ...seen };
  const shares = Object.entries(item.shares as Fields).map(([name, value]): StatedShare => {
    const [weight, status] = String(value).split(' ');
    const answer = status === undefined ? normal : ((Number(status) || status) as Answer);
    checkAnswer(answer, place);
    return { service: name.includes('/') ? name : `${home}/${name}`, weight: Number(weight), answer };
  });
  return { answers, shares, ...seen };
}

function checkAnswer(answer: Answer, place: string): void {
  const known = typeof answer === 'number' ? answer >= 200 && answer < 600 : answerWords.has(answer);
  if (!known) throw new Error(`${place}: ${String(answer)} is no answer`);
}

const answerWords = new Set(['connected', 'closed', 'refused', 'delivered', 'dropped']);
