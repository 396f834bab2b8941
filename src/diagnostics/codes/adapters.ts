import type { CatalogueEntry } from '../severity.ts';

/** 5xxx: what an adapter could not express, or a proxy refused. */
export const adapterCodes = {
  SMI5001: {
    severity: 'warning',
    title: 'approximated by the target',
    explanation: 'The target has no exact equal of a feature that the mesh uses; the nearest thing is emitted instead.',
    hint: 'Read what differs in the message, and choose another target or change the field when it matters.',
  },
  SMI5002: {
    severity: 'warning',
    title: 'not expressible in the target',
    explanation:
      'The target cannot say a feature that the mesh uses. What is emitted never allows more than the mesh does, but it may lack what the field asks for.',
    hint: 'Choose another target, or remove the field.',
  },
  SMI5003: {
    severity: 'error',
    title: 'adapter option refused',
    explanation: 'An option of the target is unknown or has a value of the wrong type. Nothing is emitted.',
    hint: 'Correct the option; the page of the adapter lists them all.',
  },
  SMI5004: {
    severity: 'error',
    title: 'translation refused',
    explanation:
      'The target has no words for what keeps the mesh closed, or for something else that cannot be left out. Nothing is emitted, since it would allow more than the mesh does.',
    hint: 'Choose another target, or say by an option of the adapter that something else enforces it.',
  },
  SMI5005: {
    severity: 'warning',
    title: 'access narrowed by the target',
    explanation:
      'The target cannot say a grant exactly. What is emitted lets in less than the grant does, and never more; clients that relied on the rest are refused.',
    hint: 'Write the grant in words that the target has (the page of the adapter says which), or choose another target.',
  },
  SMI5006: {
    severity: 'error',
    title: 'adapter unusable',
    explanation:
      'A program or module that is meant to be an adapter could not be run, speaks another version of the contract, or answered something that the contract does not allow. Nothing is emitted.',
    hint: 'Mend it: docs/adapters.md describes what it has to answer, and smi-cli adapter test says whether it does.',
  },
  SMI5007: {
    severity: 'error',
    title: 'two documents of one name',
    explanation:
      'The adapter wrote two documents of the same kind and name for different parts of the mesh. Of these only the last would be in force, so nothing is emitted.',
    hint: 'Rename one of the objects that the message names, or tell the author of the adapter: each document needs a name of its own.',
  },
  SMI5101: {
    severity: 'error',
    title: 'refused by a proxy',
    explanation:
      'A proxy could not use configuration that was sent to it. It keeps what it had before. The refused resource is sent again when it changes, and after a time that doubles with each attempt.',
    hint: 'Correct the field that the message names; when it is valid, report this as a defect.',
  },
} as const satisfies Record<string, CatalogueEntry>;
