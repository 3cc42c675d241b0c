import { believable, type GpuField, gpuFields, isSentinel } from "../gpu/fields";
import type { GpuReading, GpuValues } from "../gpu/reading";

/** One property of `nvidia-smi --query-gpu`. */
interface SmiProperty {
  /** Names from new to old; nvidia-smi prints the canonical one in its header whichever was asked for. */
  readonly names: readonly string[];
  readonly key?: keyof GpuValues;
  readonly unit?: string;
}

/** Asked for in this order; a property that the driver does not know is left out at the next start. */
export const smiProperties: readonly SmiProperty[] = [
  { names: ["index"] },
  { names: ["uuid", "gpu_uuid"] },
  { names: ["utilization.gpu"], key: "utilization", unit: "%" },
  { names: ["utilization.memory"], key: "memoryCopyUtilization", unit: "%" },
  { names: ["memory.total"], key: "fbTotalMiB", unit: "MiB" },
  { names: ["memory.free"], key: "fbFreeMiB", unit: "MiB" },
  { names: ["memory.used"], key: "fbUsedMiB", unit: "MiB" },
  { names: ["memory.reserved"], key: "fbReservedMiB", unit: "MiB" },
  { names: ["temperature.gpu"], key: "temperatureC" },
  { names: ["power.draw", "power.draw.instant"], key: "powerW", unit: "W" },
  { names: ["clocks.current.sm", "clocks.sm"], key: "smClockMhz", unit: "MHz" },
  { names: ["clocks.current.memory", "clocks.mem"], key: "memoryClockMhz", unit: "MHz" },
  { names: ["clocks_event_reasons.active", "clocks_throttle_reasons.active"], key: "throttleReasons" },
  { names: ["ecc.errors.corrected.volatile.total"], key: "eccCorrected" },
  { names: ["ecc.errors.uncorrected.volatile.total"], key: "eccUncorrected" },
  { names: ["gpu_recovery_action"] },
];

/** What one line of the loop means. */
export type SmiLine =
  | { readonly type: "header" }
  | { readonly type: "row"; readonly reading: GpuReading; readonly dropped: readonly string[] }
  | { readonly type: "blank" }
  /** The query is refused because of this property. */
  | { readonly type: "unknown-property"; readonly name: string }
  /** A GPU does not answer any more. */
  | { readonly type: "gpu-lost"; readonly text: string }
  | { readonly type: "error"; readonly text: string }
  | { readonly type: "unreadable"; readonly reason: "no-header" | "cell-count" | "not-a-number" | "no-index" };

const fieldsByKey = new Map<keyof GpuValues, GpuField>(gpuFields.map((field) => [field.key, field]));
const lostPattern = /unable to determine the device handle|gpu is lost|fallen off the bus/i;
const errorPattern = /^(failed|error|nvidia-smi has failed|no devices|unable|unknown error|insufficient)/i;

/**
 * Reads `nvidia-smi --query-gpu=... --format=csv -lms N`, line by line: `, ` between cells, the unit in brackets in the header
 * and after the number, `[N/A]` and its older forms for what is missing, masks in hexadecimal. The header names the columns, so
 * their order does not matter.
 */
export class SmiParser {
  private columns: readonly (SmiProperty | undefined)[] | undefined;

  parse(line: string): SmiLine {
    const text = line.trim();
    if (text === "") return { type: "blank" };
    const refused = /^Field "([^"]+)" is not a valid field/i.exec(text);
    if (refused?.[1] !== undefined) return { type: "unknown-property", name: refused[1] };
    if (lostPattern.test(text)) return { type: "gpu-lost", text };
    if (errorPattern.test(text)) return { type: "error", text };
    const cells = text.split(",").map((cell) => cell.trim());
    const named = cells.map((cell) => findProperty(cell));
    if (named[0] !== undefined && named.filter((property) => property !== undefined).length >= 2) {
      this.columns = new Set(named).size === named.length ? named : undefined;
      return { type: "header" };
    }
    return this.readRow(cells);
  }

  private readRow(cells: readonly string[]): SmiLine {
    const { columns } = this;
    if (columns === undefined) return { type: "unreadable", reason: "no-header" };
    if (cells.length !== columns.length) return { type: "unreadable", reason: "cell-count" };
    const values: GpuValues = {};
    const dropped: string[] = [];
    let index: number | undefined;
    let uuid: string | undefined;
    let recoveryAction: string | undefined;
    for (const [place, property] of columns.entries()) {
      const cell = cells[place] ?? "";
      const name = property?.names[0];
      if (property === undefined || isMissing(cell)) continue;
      if (name === "uuid") uuid = /^(GPU|MIG)-[\w-]+$/.test(cell) ? cell : undefined;
      else if (name === "gpu_recovery_action") recoveryAction = cell;
      else if (name === "index") index = /^\d{1,3}$/.test(cell) ? Number(cell) : undefined;
      else {
        const number = readNumber(cell, property.unit, property.key === "throttleReasons");
        if (number === undefined) return { type: "unreadable", reason: "not-a-number" };
        const field = property.key === undefined ? undefined : fieldsByKey.get(property.key);
        if (field === undefined || isSentinel(number)) continue;
        const value = believable(field, number);
        if (value === undefined) dropped.push(name ?? "");
        else values[field.key] = value;
      }
    }
    if (index === undefined) return { type: "unreadable", reason: "no-index" };
    return { type: "row", reading: { kind: "gpu", index, uuid, recoveryAction, values }, dropped };
  }
}

function findProperty(cell: string): SmiProperty | undefined {
  const name = cell.replace(/ \[[^\]]*\]$/, "");
  return smiProperties.find((property) => property.names.includes(name));
}

/** `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `[GPU requires reset]` and the same without brackets. */
function isMissing(cell: string): boolean {
  return cell === "" || /^\[.*\]$/.test(cell) || /^(N\/A|Not Supported|Unknown Error)$/i.test(cell);
}

/** @param mask True for a column of bits, which the tool prints in hexadecimal; any other column holds decimal numbers. */
function readNumber(cell: string, unit: string | undefined, mask: boolean): number | undefined {
  if (mask) return /^0x[0-9a-f]{1,16}$/i.test(cell) ? Number(cell) : undefined;
  const match = /^(-?\d+(?:\.\d+)?)(?: (\S+))?$/.exec(cell);
  if (match === null || (match[2] !== undefined && match[2] !== unit)) return undefined;
  return Number(match[1]);
}
