// Writes schemas/model.json, the JSON Schema of the mesh model, from the types in src/model/types.ts. With --check it
// writes nothing and fails when the file says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}schemas/model.json`;

/** Types that are named in the schema; all others are written where they are used. */
const definitions = new Map();

function modelSchema() {
  const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const file = `${root}src/model/types.ts`;
  const program = ts.createProgram([file], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  const model = exported.find(({ name }) => name === 'MeshModel');
  const schema = schemaOf(checker.getDeclaredTypeOfSymbol(model), checker);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'smi-mesh model',
    allOf: [schema],
    definitions: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function schemaOf(type, checker) {
  if (type.isUnion()) return unionOf(type, checker);
  // A branded text: string & { __brand }.
  if (type.isIntersection()) return { type: 'string' };
  if (type.isLiteral()) return { const: type.value };
  if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === 'true' };
  if (type.flags & ts.TypeFlags.String) return { type: 'string' };
  if (type.flags & ts.TypeFlags.Number) return { type: 'number' };
  if (checker.isTupleType(type)) return { ...listOf(type, checker), minItems: 1 };
  if (checker.isArrayType(type)) return listOf(type, checker);
  const name = type.symbol?.name;
  if (name === undefined || name === '__type') return objectOf(type, checker);
  if (!definitions.has(name)) {
    definitions.set(name, {});
    definitions.set(name, objectOf(type, checker));
  }
  return { $ref: `#/definitions/${name}` };
}

/** A union of texts of this program, such as diagnostic codes, grows with every release: any text will do. */
function unionOf(type, checker) {
  const members = type.types.filter((member) => !(member.flags & ts.TypeFlags.Undefined));
  if (members.every((member) => member.isStringLiteral())) {
    const values = members.map(({ value }) => value).sort();
    return values.every((value) => /^SMI\d{4}$/.test(value)) ? { type: 'string' } : { enum: values };
  }
  const schemas = members.map((member) => schemaOf(member, checker));
  if (schemas.every((schema) => typeof schema.const === 'boolean')) return { type: 'boolean' };
  return schemas.length === 1 ? schemas[0] : { anyOf: unique(schemas) };
}

function listOf(type, checker) {
  const items = unique(checker.getTypeArguments(type).map((argument) => schemaOf(argument, checker)));
  return { type: 'array', items: items[0] };
}

function objectOf(type, checker) {
  const index = checker.getIndexInfosOfType(type)[0];
  if (index !== undefined) return { type: 'object', additionalProperties: schemaOf(index.type, checker) };
  const properties = checker.getPropertiesOfType(type);
  const required = properties.filter((property) => !(property.flags & ts.SymbolFlags.Optional)).map(({ name }) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      properties.map((property) => [property.name, schemaOf(checker.getTypeOfSymbol(property), checker)]),
    ),
    required,
    additionalProperties: false,
  };
}

function unique(schemas) {
  const byText = new Map(schemas.map((schema) => [JSON.stringify(schema), schema]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, schema]) => schema);
}

// The formatter may lay the file out otherwise: only what it says is compared.
const schema = JSON.stringify(modelSchema(), null, 2);
if (!process.argv.includes('--check')) {
  writeFileSync(target, `${schema}\n`);
} else if (JSON.stringify(JSON.parse(readFileSync(target, 'utf8')), null, 2) !== schema) {
  process.stderr.write('schemas/model.json is not what the types say: run node scripts/model-schema.mjs\n');
  process.exitCode = 1;
}
