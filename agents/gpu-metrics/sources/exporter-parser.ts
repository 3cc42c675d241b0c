import { parsePrometheus } from "../../../runtime/prometheus";
import { believable, type GpuField, gpuFields, isSentinel } from "../gpu/fields";
import type { EntityKind, GpuReading, GpuValues } from "../gpu/reading";

const fieldsByName = new Map<string, GpuField>(
  gpuFields.flatMap((field) => field.exporterNames.map((name): [string, GpuField] => [name, field])),
);

export interface ExporterText {
  readonly readings: readonly GpuReading[];
  /** Short names of values that cannot be true. */
  readonly dropped: readonly string[];
  readonly unreadable: readonly string[];
}

/**
 * Reads dcgm-exporter's /metrics. Labels are matched whatever their case, since releases differ; a GPU that is exported once
 * per pod gives one reading; rows with `GPU_I_ID` are MIG instances.
 */
export function parseExporter(text: string): ExporterText {
  const unreadable: string[] = [];
  const dropped: string[] = [];
  const readings = new Map<string, { kind: EntityKind; index: number; uuid?: string; values: GpuValues }>();
  const samples = parsePrometheus(
    text,
    (name) => fieldsByName.has(name),
    (line) => unreadable.push(line),
  );
  for (const { name, labels, value } of samples) {
    const field = fieldsByName.get(name);
    const label = lowerCase(labels);
    const instance = label.gpu_i_id;
    const id = instance === undefined || instance === "" ? label.gpu : instance;
    if (field === undefined || id === undefined || !/^\d{1,6}$/.test(id)) {
      unreadable.push(name);
      continue;
    }
    if (Number.isNaN(value) || isSentinel(value)) continue;
    const kind = id === label.gpu && !instance ? "gpu" : "gpu-instance";
    const key = `${kind} ${label.gpu ?? ""} ${id}`;
    const reading = readings.get(key) ?? { kind, index: Number(id), uuid: label.uuid, values: {} };
    readings.set(key, reading);
    const believed = believable(field, value);
    if (believed === undefined) dropped.push(field.shortName);
    else reading.values[field.key] ??= believed;
  }
  return { readings: [...readings.values()], dropped, unreadable };
}

function lowerCase(labels: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name.toLowerCase(), value]));
}
