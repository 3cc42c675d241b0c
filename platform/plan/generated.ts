import { generated, standIn } from "../engine/references";
import type { PropertyMap, PropertyValue, RecordedResource, Urn } from "../engine/types";
import { mapTexts, mapValues } from "../engine/values";

interface Generated {
  readonly urn: Urn;
  readonly output: string;
  readonly text: string;
}

/**
 * Writes a stand-in wherever a text holds a value that is yet to be generated, so that a name made with one is known to be unknown.
 * The program itself got digits in their place: it cuts and checks names by their length.
 */
export class GeneratedValues {
  private readonly values: readonly Generated[];

  constructor(resources: readonly RecordedResource[]) {
    this.values = resources.flatMap(({ urn, type, inputs, outputs }) =>
      Object.entries(generated(urn, type, inputs))
        .filter(([output, text]) => outputs[output] === text)
        .map(([output, text]) => ({ urn, output, text: String(text) })),
    );
  }

  /** A copy of a resource with marked values; only properties that depend on what is generated can hold them. */
  mark(resource: RecordedResource): RecordedResource {
    if (this.values.length === 0) return resource;
    const { urn, propertyDependencies: from } = resource;
    const marked = (map: PropertyMap): PropertyMap =>
      Object.fromEntries(
        Object.entries(map).map(([key, value]) => [
          key,
          this.markIn(value, (source) => (from[key] ?? []).includes(source.urn) || source.urn === urn),
        ]),
      );
    return { ...resource, inputs: marked(resource.inputs), outputs: marked(resource.outputs) };
  }

  /** The stack's outputs with marked values. */
  markOutputs(outputs: PropertyMap): PropertyMap {
    return mapValues(outputs, (value) => this.markIn(value, () => true));
  }

  private markIn(value: PropertyValue, applies: (source: Generated) => boolean): PropertyValue {
    const sources = this.values.filter(applies);
    if (sources.length === 0) return value;
    return mapTexts(value, (text) =>
      sources.reduce((marked, source) => marked.replaceAll(source.text, standIn(source.urn, source.output)), text),
    );
  }
}
