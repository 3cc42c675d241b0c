import { Ajv2020 } from "ajv/dist/2020";

/** An OpenAPI document, as far as it is read here. */
export interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** What is wrong with an answer by a schema of an API's OpenAPI document; empty for one that is as documented. */
export function undocumented(document: OpenApiDocument, schema: string, answer: unknown): readonly string[] {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajv.addSchema({ ...document, $id: "openapi" });
  const check = ajv.getSchema(`openapi#/components/schemas/${schema}`);
  if (check === undefined) return [`the document has no schema ${schema}`];
  check(answer);
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
