/**
 * For authors of adapters: the contract as cases for any test runner, the models that they run over, and programs and modules
 * as adapters. Entry point `smi-mesh/testkit`.
 */

export type { Translator } from '../adapter/contract.ts';
export { loadAdapter } from '../plugins/load.ts';
export { defaultProgramLimits, type ProgramLimits } from '../plugins/program.ts';
export { programAdapter } from '../plugins/program-adapter.ts';
export type { ContractCase } from './case.ts';
export { type ContractOptions, contractCases } from './cases.ts';
export type { GoldenFolder } from './checks/goldens.ts';
export { modelOf, type NamedModel, shippedModels } from './models.ts';
