import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { ensureBundles } from "../bundles";

/** Folders that programs are made of. */
const folders = ["agents", "services", "runtime", "contracts", "catalog"];
/** Milliseconds without a further change after which programs are built: an editor writes a file in several steps. */
const settleMs = 300;

export interface WatchOptions {
  readonly projectDir: string;
  /** Programs that run here. */
  readonly programs: readonly string[];
  /** Starts a program again with its new bundle. */
  readonly restart: (program: string) => Promise<void>;
  readonly say: (line: string) => void;
}

/** Builds and restarts the programs whose sources change, and no other. A source that cannot be built leaves the old one running. */
export function watchSources({ projectDir, programs, restart, say }: WatchOptions): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let work: Promise<void> = Promise.resolve();
  const build = async (): Promise<void> => {
    if (closed) return;
    try {
      const { built } = await ensureBundles(projectDir, programs);
      await Promise.all(
        built.map((program) => {
          say(`${program}: its source has changed; it is started again`);
          return restart(program);
        }),
      );
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      work = work.then(build);
    }, settleMs);
  };
  const watchers = folders.map((folder): FSWatcher => watch(join(projectDir, folder), { recursive: true }, changed));
  for (const watcher of watchers)
    watcher.on("error", (error) => say(`sources are not watched any more: ${error.message}`));
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
