import type { CatalogueEntry } from '../severity.ts';

/** 2xxx: the shape of one object. */
export const shapeCodes = {
  SMI2001: {
    severity: 'error',
    title: 'unknown kind',
    explanation:
      'The object is of an SMI group that has no such kind, or of an SMI kind under a misspelt group. Nothing reads it.',
    hint: 'Correct the kind or the API group.',
  },
  SMI2002: {
    severity: 'error',
    title: 'field missing',
    explanation: 'A field that the version requires is not there. The object is refused.',
    hint: 'Add the field.',
  },
  SMI2003: {
    severity: 'error',
    title: 'wrong type',
    explanation: 'A field holds another type of value than its version says. The object is refused.',
    hint: 'Give the field a value of the right type.',
  },
  SMI2004: {
    severity: 'error',
    title: 'number out of range',
    explanation:
      'A number is negative, fractional or too large, or a duration too short or too long. Weights are whole numbers from 0 to 2147483647 that add up to 4294967295 at most; ports are whole numbers from 1 to 65535. The object is refused.',
    hint: 'Use a whole number in the range.',
  },
  SMI2005: {
    severity: 'error',
    title: 'value not allowed',
    explanation: 'A field takes one of a few values and holds another. The object is refused.',
    hint: 'Use one of the values that are allowed.',
  },
  SMI2006: {
    severity: 'error',
    title: 'not a name',
    explanation: 'A name is empty or has characters that names of its sort cannot have. The object is refused.',
    hint: 'Correct the name.',
  },
  SMI2007: {
    severity: 'error',
    title: 'name used twice',
    explanation:
      'Two matches of a route group have the same name, or a match names one header twice, so a reference to it is ambiguous. The object is refused.',
    hint: 'Rename or merge one of the two.',
  },
  SMI2008: {
    severity: 'warning',
    title: 'unknown field',
    explanation: 'The version has no such field. Kubernetes drops it without a word; so does the mesh.',
    hint: 'Remove the field, or correct its name.',
  },
  SMI2009: {
    severity: 'error',
    title: 'not a regular expression',
    explanation:
      'A path or header expression is not RE2 syntax, or is too large. Expressions are matched in linear time, so look-around and back-references do not exist. The object is refused.',
    hint: 'Correct the expression; the syntax is at https://github.com/google/re2/wiki/Syntax.',
  },
  SMI2010: {
    severity: 'error',
    title: 'version not served',
    explanation: 'The version or kind is part of SMI, but this release does not serve it. The object is refused.',
    hint: 'Rewrite the object in a version that is served.',
  },
  SMI2011: {
    severity: 'error',
    title: 'unknown version',
    explanation: 'The kind has no such version. The object is refused.',
    hint: 'Use a version that exists.',
  },
  SMI2012: {
    severity: 'error',
    title: 'not written as its field wants',
    explanation:
      'A field takes text of a certain form, such as a Kubernetes quantity (`500m`), a duration (`30s`) or a port, and holds another text. The object is refused.',
    hint: 'Write the value in the form of the field.',
  },
  SMI2013: {
    severity: 'error',
    title: 'not a SPIFFE id',
    explanation:
      'An identity of an IdentityBinding is not a SPIFFE id with its scheme, so no certificate can carry it. The object is refused.',
    hint: 'Write it as spiffe://TRUSTDOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT.',
  },
  SMI2014: {
    severity: 'error',
    title: 'identity not stated',
    explanation:
      'An IdentityBinding has no scheme, so it means nobody, or has both podLabelSelector and serviceAccount, which exclude each other. The object is refused.',
    hint: 'State one of podLabelSelector, serviceAccount and spiffeIdentities.',
  },
  SMI2015: {
    severity: 'error',
    title: 'too many entries',
    explanation:
      'A list of an object is longer than its limit (docs/validate.md, "Limits"). What objects mean together is a product of such lists, so that each has a bound. The object is refused.',
    hint: 'Split the object into several, or say the same with fewer entries.',
  },
  SMI2020: {
    severity: 'error',
    title: 'unknown field that would narrow',
    explanation:
      'The version has no such field, and it looks like one that makes the object apply to less: `matches`, a part of a match, a port, a namespace. Ignoring it would allow or route more than is meant, so the object is refused.',
    hint: 'Correct the name of the field, or use a version that has it.',
  },
  SMI2030: {
    severity: 'warning',
    title: 'preserved value ignored',
    explanation:
      'A conversion has kept in an annotation what the version cannot say, and the value that the annotation belongs to has been changed since. The annotation says nothing any more.',
    hint: 'Remove the annotation, or write the object in a version that has the field.',
  },
  SMI2031: {
    severity: 'error',
    title: 'preserved value not readable',
    explanation:
      'An annotation `smi-mesh.io/preserved-...` is part of what an object means, and holds something that no conversion writes. The object is refused, since ignoring the annotation could allow more than is meant.',
    hint: 'Remove the annotation and write what it stood for in a version that has the field.',
  },
  SMI2032: {
    severity: 'info',
    title: 'spelling kept in an annotation',
    explanation:
      'The converted object means the same; how its author spelled it is kept in an annotation and comes back with the next conversion.',
    hint: 'Remove the annotation if the spelling does not matter.',
  },
  SMI2033: {
    severity: 'warning',
    title: 'hidden in an annotation',
    explanation:
      'The version has no words for a part of the object. smi-mesh reads it from an annotation; to everybody else the object means less than before.',
    hint: 'Use a version that has the field where other meshes read the object.',
  },
  SMI2034: {
    severity: 'warning',
    title: 'restriction in an annotation alone',
    explanation:
      'The version has no field for a restriction of the object. smi-mesh reads and enforces it from an annotation; to a reader who does not know the annotation the object means more than before.',
    hint: 'Use a version that has the field where other meshes read the object.',
  },
  SMI2050: {
    severity: 'error',
    title: 'header of the proxies',
    explanation:
      'A TrafficPolicy edits a header, or puts a claim into one, that connections, message framing and routing need or that the mesh itself vouches for: host, connection, content-length and the like, x-forwarded-client-cert, and everything that begins with x-smi-. The object is refused.',
    hint: 'Use a header of your own.',
  },
  SMI2040: {
    severity: 'error',
    title: 'expectation contradicts itself',
    explanation:
      'A request of TrafficExpectations has two fields that cannot stand beside each other, such as `expect` and `status`, or `tcp` and a path. None of the expectations of the document is checked.',
    hint: 'Remove one of the two fields.',
  },
  SMI2035: {
    severity: 'warning',
    title: 'kind without that version',
    explanation:
      'Objects of this kind cannot be written in the version that was asked for, since SMI has it in others only. The object stays in its version.',
    hint: 'Leave the object out where only the older version is read.',
  },
  SMI2036: {
    severity: 'error',
    title: 'no room for an annotation',
    explanation:
      'What the version cannot say would have to be kept in an annotation, and Kubernetes lets the annotations of an object hold no more than 256 KiB. Converting back would not restore the object.',
    hint: 'Split the object, or leave it in a version that can say all of it.',
  },
} as const satisfies Record<string, CatalogueEntry>;
