import type { Translator } from '../../adapter/contract.ts';
import type { BridgeTarget } from '../../control/cluster/bridge/contract.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { ProgramTranslator } from '../../plugins/program-adapter.ts';
import { lossDiagnostic, translate } from '../../translate/translate.ts';
import { findAdapter } from '../adapter/find.ts';

/** Another mesh's API, and what is to be done with it. */
export interface BridgeChoice {
  readonly adapter?: string;
  readonly option: Readonly<Record<string, unknown>>;
  readonly adopt?: boolean;
  readonly dryRun?: boolean;
}

/** What the leader keeps in the cluster; nothing where no adapter is chosen. */
export async function bridgeTarget({
  adapter,
  option,
  adopt = false,
  dryRun = false,
}: BridgeChoice): Promise<Result<BridgeTarget | undefined, readonly Diagnostic[]>> {
  if (adapter === undefined) return ok(undefined);
  const found = await findAdapter(adapter);
  if (!found.ok) return found;
  const translator = found.value;
  const options = translator.parseOptions(option);
  if (!options.ok) return options;
  const { id, kinds } = translator;
  if (kinds === undefined) {
    const message = `${id} writes no objects of Kubernetes that could be kept in a cluster`;
    return err([diagnostic('SMI5003', { message, hint: 'Choose an adapter that names the kinds which it writes.' })]);
  }
  return ok({
    id,
    kinds,
    adopt,
    dryRun,
    translate: async (model, signal) => {
      if (isProgram(translator)) await translator.askAhead(model, options.value, signal);
      const { artifacts, losses, general, refusals } = translate(translator, model, options.value);
      return { artifacts, refusals, findings: [...general, ...losses.map((loss) => lossDiagnostic(id, loss))] };
    },
  });
}

function isProgram(translator: Translator | ProgramTranslator): translator is ProgramTranslator {
  return 'askAhead' in translator;
}
