export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** What stands directly in it. */
  text: string;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** The elements of a document that has no comments, sections or instructions; throws where it is not well-formed. */
export function parseXml(document: string): { all(name: string): readonly XmlElement[] } {
  const elements: XmlElement[] = [];
  const open: XmlElement[] = [];
  for (const [piece, end, name, attributes = '', empty, text] of document
    .trim()
    .matchAll(/<(\/)?([\w:-]+)((?: [\w:-]+="[^"<]*")*)(\/)?>|([^<>]+)|[<>]/g)) {
    if (text !== undefined) open.at(-1)!.text += unescaped(text);
    else if (name === undefined) throw new Error(`no markup: ${piece}`);
    else if (end !== undefined) {
      if (open.pop()?.name !== name) throw new Error(`${name} is closed, and not open`);
    } else {
      const element = { name, attributes: attributesOf(attributes), text: '' };
      elements.push(element);
      if (empty === undefined) open.push(element);
    }
  }
  if (open.length > 0) throw new Error(`${open.at(-1)?.name} is not closed`);
  return { all: (name) => elements.filter((element) => element.name === name) };
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value!)]),
  );
}

function unescaped(text: string): string {
  return text.replace(/&(\w*);?/g, (entity, name: string) => {
    const character = entities[name];
    if (character === undefined) throw new Error(`no entity: ${entity}`);
    return character;
  });
}
