import type { Logger } from "../../../runtime/logger";
import type { Settings } from "../options";
import { DcgmiSource } from "./dcgmi";
import { ExporterSource } from "./exporter";
import type { Rejections } from "./rejections";
import { SimulatedSource } from "./simulated";
import { SmiSource } from "./smi";
import type { Source } from "./source";

export interface SourceSet {
  /** Best first. */
  readonly candidates: readonly Source[];
  /** What could not be read, by source. */
  readonly rejections: ReadonlyMap<string, Rejections>;
}

/**
 * The sources that the settings ask for. Invented values are used only where they are asked for by name: a node whose GPUs cannot
 * be read must never look like one that works.
 * @param simulatedLoad Load of simulated GPUs, 0-1; a wave without it.
 */
export function createSources(
  settings: Pick<Settings, "source" | "sampleMs" | "dcgmi" | "nvidiaSmi" | "exporterUrl" | "simulatedGpus">,
  log: Logger,
  now: () => number,
  simulatedLoad?: () => number,
): SourceSet {
  const intervalMs = settings.sampleMs;
  const dcgmi = new DcgmiSource({ command: settings.dcgmi, intervalMs, log, now });
  const exporter = new ExporterSource({ url: settings.exporterUrl, intervalMs, log, now });
  const smi = new SmiSource({ command: settings.nvidiaSmi, intervalMs, log, now });
  const simulated = new SimulatedSource({ gpus: settings.simulatedGpus, intervalMs, now, load: simulatedLoad });
  const real = [dcgmi, exporter, smi];
  const candidates =
    settings.source === "auto" ? real : [...real, simulated].filter(({ name }) => name === settings.source);
  return { candidates, rejections: new Map(real.map((source) => [source.name, source.rejections])) };
}
