import { assemble } from '../../../src/compile/assemble.ts';
import type { Compilation, MeshInput } from '../../../src/compile/index.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import type { MeshSettings } from '../../../src/model/types.ts';
import { parseSource } from '../../../src/source/parse.ts';
import { compile, pod, service } from '../objects.ts';

const shops = ['shop', 'shop-v1', 'shop-v2'];

/** A shop in two versions and a client, governed by the routes of a text. */
export function routedShop(
  text: string,
  settings: Partial<MeshSettings> = { accessMode: 'allow' },
  more: Partial<MeshInput> = {},
): Compilation & { readonly diagnostics: readonly Diagnostic[] } {
  const { input, diagnostics } = assemble(parseSource('routes.yaml', text).documents);
  const { gatewayRoutes = [], referenceGrants = [], refused = [] } = input;
  const compiled = compile(
    {
      services: shops.map((name) => service(name)),
      pods: [...shops.map((name) => pod(name)), pod('client')],
      ...{ gatewayRoutes, referenceGrants, refused },
      ...more,
    },
    settings,
  );
  return { ...compiled, diagnostics: [...diagnostics, ...compiled.diagnostics] };
}
