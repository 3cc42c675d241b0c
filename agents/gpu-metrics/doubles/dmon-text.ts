import type { GpuField } from "../gpu/fields";

/** Releases of DCGM whose layouts differ. */
export const dmonVersions = ["2.1", "3.3", "4.0", "4.5"] as const;
export type DmonVersion = (typeof dmonVersions)[number];

/** Width of each field's value in dcgm_fields.cpp. */
const widths: Readonly<Record<string, number>> = {
  ...{ TMPTR: 5, SMCLK: 5, MMCLK: 5, XIDER: 5, ESVTL: 5, EDVTL: 5, GRACT: 5, SMACT: 5, TENSO: 5, DRAMA: 5 },
  ...{ DVCCTR: 20, RRF: 20, RRP: 20 },
};
const entityWidths = { "2.1": 8, "3.3": 10, "4.0": 11, "4.5": 16 } as const;
const widthOf = (field: GpuField): number => widths[field.shortName] ?? 10;

/** The header line as a release prints it. */
export function dmonHeader(version: DmonVersion, fields: readonly GpuField[]): string {
  if (version === "2.1") {
    return `# Entity${fields.map((field) => field.shortName.padStart(widthOf(field) + 2)).join("")}`;
  }
  const titles = fields.map((field) => field.shortName.padEnd(widthOf(field) + 8)).join("");
  return "#Entity".padEnd(entityWidths[version]) + titles;
}

/** A row; an absent cell (undefined) is left out before 4.0 and blank from then on. */
export function dmonRow(
  version: DmonVersion,
  fields: readonly GpuField[],
  entity: string,
  cells: readonly (string | undefined)[],
): string {
  if (version === "2.1") {
    const [name = "", ...rest] = entity.split(" ");
    const shown = cells.filter((cell) => cell !== undefined);
    const text = shown.map((cell, place) => cell.padStart(widthOf(fields[place] as GpuField) + 2)).join("");
    return `${name.padStart(8)} ${rest.join(" ")}${text}`;
  }
  const shown = version === "3.3" ? cells.filter((cell) => cell !== undefined) : cells.map((cell) => cell ?? "");
  const text = shown.map((cell, place) => cell.padEnd(widthOf(fields[place] as GpuField) + 8)).join("");
  return entity.padEnd(entityWidths[version]) + text;
}
