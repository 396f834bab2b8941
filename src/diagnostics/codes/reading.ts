import type { CatalogueEntry } from '../severity.ts';

/** 1xxx: reading input. */
export const readingCodes = {
  SMI1001: {
    severity: 'error',
    title: 'not readable',
    explanation: 'A path that was named does not exist or cannot be read.',
    hint: 'Check the path and its permissions.',
  },
  SMI1002: {
    severity: 'error',
    title: 'not valid YAML',
    explanation:
      'The text breaks the syntax of YAML 1.2, or a mapping has the same key twice. Nothing of the file is used; what was loaded from it before stays in force.',
    hint: 'Mend the syntax at the place shown; the mistake may be on the line above it.',
  },
  SMI1003: {
    severity: 'error',
    title: 'not text',
    explanation: 'The file contains NUL bytes or bytes that are not UTF-8, so it is no manifest.',
    hint: 'Name a YAML or JSON file in UTF-8, or leave this file out.',
  },
  SMI1004: {
    severity: 'error',
    title: 'file too large',
    explanation:
      'Files above 16 MiB, or with more than 1,500,000 lines and commas, are not read, so that one file cannot exhaust the memory.',
    hint: 'Split the file.',
  },
  SMI1005: {
    severity: 'error',
    title: 'no manifest found',
    explanation: 'A folder or pattern that was named leads to no .yaml, .yml or .json file.',
    hint: 'Name the folder that holds the manifests; hidden folders and node_modules are skipped.',
  },
  SMI1006: {
    severity: 'error',
    title: 'no object in the file',
    explanation:
      'The file is empty or contains only comments. It is an error for a file that was named, a warning for one that was found in a folder.',
    hint: 'Add an object, or leave the file out.',
  },
  SMI1007: {
    severity: 'error',
    title: 'not a Kubernetes object',
    explanation:
      'A document lacks apiVersion, kind or metadata.name, so nobody can tell what it is. A nameless object of a group that is not ours is only a warning.',
    hint: 'Add apiVersion, kind and metadata.name, or keep files of other purposes in another folder.',
  },
  SMI1008: {
    severity: 'error',
    title: 'object defined twice',
    explanation:
      'Two documents have the same group, kind, namespace and name. When they differ, nobody can tell which one was meant and the object is refused; when they are equal it is a warning.',
    hint: 'Remove or rename one of the two.',
  },
  SMI1009: {
    severity: 'error',
    title: 'aliases too large',
    explanation: 'The YAML aliases of the file refer to themselves, to nothing, or stand for too much.',
    hint: 'Write the values out instead of using aliases.',
  },
  SMI1010: {
    severity: 'error',
    title: 'cluster not readable',
    explanation:
      'The objects of a cluster could not be listed: there is no such context, its apiserver does not answer, or the user may not list a kind. Half of the objects could mean the opposite of all of them, so nothing is used.',
    hint: 'Check that `kubectl get trafficsplits --all-namespaces` works with this context.',
  },
  SMI1011: {
    severity: 'error',
    title: 'file not editable',
    explanation:
      'A file cannot be changed in place without changing more than is meant, for example because an object shares fields with another through an alias or a merge key. It is left as it is.',
    hint: 'Write the aliases out, or convert to standard output.',
  },
} as const satisfies Record<string, CatalogueEntry>;
