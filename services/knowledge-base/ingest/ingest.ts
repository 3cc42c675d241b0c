import type { Progress } from "../index/maintenance";
import { type IngestPlan, isSuspicious, planIngest } from "./plan";
import { type DocumentInput, prepareDocument } from "./prepare";
import { decodeText, type Source } from "./source";

/** Where documents go: the database itself or a running service. */
export interface IngestTarget {
  /** What is stored of a source, by file. */
  known(source: string, worldId: string | null): Promise<ReadonlyMap<string, { id: string; contentHash: string }>>;
  /** Told once what will be done, before anything is. */
  begin(source: string, plan: IngestPlan): Promise<void>;
  put(document: DocumentInput): Promise<{ passages: number }>;
  remove(file: string, id: string): Promise<void>;
  failed(file: string, reason: string): Promise<void>;
  /** Told once, after the last document. */
  finish(source: string): Promise<{ nearDuplicates: readonly unknown[]; embedded?: number }>;
}

export interface IngestOptions {
  readonly source: Source;
  readonly target: IngestTarget;
  readonly worldId?: string | null;
  /** Only say what would change. @default false */
  readonly dryRun?: boolean;
  /** Share of the stored documents that may vanish in one go, 0 to 1. @default 0.2 */
  readonly maxVanished?: number;
  readonly progress?: Progress;
}

export interface IngestReport {
  readonly source: string;
  readonly dryRun: boolean;
  readonly added: string[];
  readonly updated: string[];
  readonly unchanged: number;
  readonly deleted: string[];
  /** Vanished documents that were kept because there are too many of them. */
  readonly kept: string[];
  readonly failed: { file: string; error: string }[];
  readonly passages: number;
  readonly nearDuplicates: readonly unknown[];
  /** Texts given to the embedder, where the target knows. */
  readonly embedded?: number;
}

/** Brings what is stored of a source level with the source. Running it again, or after a kill, does only what is left. */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const { source, target, worldId = null, dryRun = false, maxVanished = 0.2, progress = () => undefined } = options;
  const { documents, failed } = await readAll(source, worldId, progress);
  const stored = await target.known(source.name, worldId);
  const plan = planIngest(documents, new Set(failed.map(({ file }) => file)), stored);
  const suspicious = isSuspicious(plan.vanished.length, stored.size, maxVanished);
  const report = {
    source: source.name,
    dryRun,
    added: [] as string[],
    updated: [] as string[],
    unchanged: plan.unchanged,
    deleted: [] as string[],
    kept: suspicious ? plan.vanished.map(({ file }) => file) : [],
    failed,
    passages: 0,
    nearDuplicates: [] as readonly unknown[],
  };
  const sweep = suspicious ? [] : plan.vanished;
  if (dryRun) {
    return {
      ...report,
      added: plan.add.map(({ file }) => file),
      updated: plan.update.map(({ file }) => file),
      deleted: sweep.map(({ file }) => file),
    };
  }
  await target.begin(source.name, { ...plan, vanished: sweep });
  for (const { file, error } of failed) await target.failed(file, error);
  const work = [
    ...plan.add.map((document) => ({ document, list: report.added })),
    ...plan.update.map((document) => ({ document, list: report.updated })),
  ];
  for (const [index, { document, list }] of work.entries()) {
    progress("documents", index, work.length);
    try {
      report.passages += (await target.put(document)).passages;
      list.push(document.file);
    } catch (error) {
      if (isFatal(error)) throw error;
      failed.push({ file: document.file, error: reason(error) });
      await target.failed(document.file, reason(error));
    }
  }
  progress("documents", work.length, work.length);
  for (const { file, id } of sweep) {
    await target.remove(file, id);
    report.deleted.push(file);
  }
  return { ...report, ...(await target.finish(source.name)) };
}

async function readAll(source: Source, worldId: string | null, progress: Progress) {
  const documents: DocumentInput[] = [];
  const failed: { file: string; error: string }[] = [];
  const files = await source.files();
  for (const [index, file] of files.entries()) {
    progress("read", index, files.length);
    try {
      const content = decodeText(await file.read());
      documents.push(prepareDocument({ source: source.name, file: file.path, content, worldId }));
    } catch (error) {
      failed.push({ file: file.path, error: reason(error) });
    }
  }
  progress("read", files.length, files.length);
  return { documents, failed };
}

/** A database or service that is gone fails every document alike; so does a wrong setting. */
function isFatal(error: unknown): boolean {
  return error instanceof Error && ["DatabaseUnavailable", "InputError"].includes(error.name);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
