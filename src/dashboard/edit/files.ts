import { readFileSync } from 'node:fs';
import { objectKey } from '../../diagnostics/origin.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { editText } from '../../source/edit/index.ts';
import { replaceFile } from '../../source/edit/replace-file.ts';
import { reason } from '../../source/files.ts';
import { createSourceReader } from '../../source/read.ts';
import type { Editor } from '../server/upstream.ts';
import { problem, withWeights } from './split-weights.ts';

/** Writes weights into the manifests of a folder; comments and layout stay. */
export function fileEditor(folder: string): Editor {
  return {
    setWeights: async (split, change) => {
      const [namespace = '', name = ''] = split.split('/');
      const key = objectKey('split.smi-spec.io', 'TrafficSplit', namespace, name);
      // Read now: the edit must be of the text that is there.
      const document = createSourceReader()
        .read([folder])
        .documents.find((one) => one.key === key);
      if (document === undefined) return problem('unknown', `no file in ${folder} has TrafficSplit ${split}`);
      const object = withWeights(document.object, namespace, change);
      if (!object.ok) return object;
      const text = readText(document.file);
      const edited = text.ok ? editText(text.value, [{ document, object: object.value }]) : text;
      const done = edited.ok ? replaceFile(document.file, edited.value) : edited;
      return done.ok ? done : problem('failed', `${document.file} cannot be written: ${done.error}`);
    },
  };
}

function readText(file: string): Result<string, string> {
  try {
    return ok(readFileSync(file, 'utf8'));
  } catch (error) {
    return err(reason(error));
  }
}
