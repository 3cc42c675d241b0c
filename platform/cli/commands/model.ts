import { resolve } from "node:path";
import type { Command } from "commander";
import { type LocalModel, localModels } from "../../../catalog/local-models";
import { InputError } from "../../../contracts/input-error";
import { exitCodes } from "../../../runtime/main";
import { FetchError, fetchModel, megabytes } from "../../local/models/fetch-model";
import { knownModel, modelFile, modelFolder, recordedHashes } from "../../local/models/model-files";
import { endSignal } from "../../local/up";
import { findProject } from "../project";

const examples = `
Fetching says what it would download, from where and under which licence, before the first byte. It goes on where it was cut off.
A checksum is pinned only for a file that this project has hashed; for the others the hash is recorded at the first fetch, and compared
from then on.

Examples:
  platform model list
  platform model fetch qwen2.5-0.5b-instruct --dry-run
  platform model fetch qwen2.5-0.5b-instruct
  npm start -- --model qwen2.5-0.5b-instruct
`;

interface FetchFlags {
  readonly cwd: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `platform model list|fetch`: small instruct models for this machine. */
export function registerModel(program: Command): void {
  const model = program
    .command("model")
    .description("Small instruct models for this machine.")
    .addHelpText("after", examples);
  model
    .command("list")
    .description("The models, with size, licence and whether they are here.")
    .option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it", ".")
    .option("--json", "print JSON")
    .action(({ cwd, json }: { cwd: string; json?: boolean }) =>
      list(modelFolder(findProject(resolve(cwd))), json === true),
    );
  model
    .command("fetch <name>")
    .description("Downloads a model into .platform/models of the project.")
    .option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it", ".")
    .option("--from <url>", "another address of the same file, such as a mirror's")
    .option("--dry-run", "only say what would be downloaded")
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(async (name: string, flags: FetchFlags) => {
      process.exitCode = await fetchByName(name, flags);
    });
}

function list(folder: string, json: boolean): void {
  const recorded = recordedHashes(folder);
  const rows = Object.entries<LocalModel>(localModels).map(([name, model]) => {
    const known = recorded[name];
    const checksum =
      model.sha256 !== undefined ? "pinned" : known === undefined ? "recorded at first fetch" : "recorded";
    return {
      name,
      ...model,
      checksum,
      ...(known && { here: modelFile(folder, name), bytes: known.bytes, sha256: known.sha256 }),
    };
  });
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const lines = rows.map((row) => {
    const size = `${"bytes" in row && row.bytes !== undefined ? megabytes(row.bytes) : `about ${row.aboutMb} MB`}`;
    const here = "here" in row && row.here !== undefined ? "here" : "not here";
    return [row.name.padEnd(24), size.padEnd(14), row.licence.padEnd(28), here.padEnd(9), row.note].join(" ").trimEnd();
  });
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function fetchByName(name: string, flags: FetchFlags): Promise<number> {
  const model = knownModel(name);
  const folder = modelFolder(findProject(resolve(flags.cwd)));
  const url = flags.from ?? model.url;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new InputError({
      path: "from",
      given: url,
      allowed: "an address such as https://HOST/FILE.gguf",
      where: "--from",
    });
  }
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const pinned = model.sha256 ?? recordedHashes(folder)[name]?.sha256;
  say(`${name}: about ${model.aboutMb} MB from ${url}`);
  say(`licence: ${model.licence}, ${model.terms}`);
  say(`to: ${modelFile(folder, name)}`);
  say(
    pinned === undefined
      ? "checksum: this project has not hashed the file; its SHA-256 is recorded now, and compared from then on"
      : `checksum: SHA-256 ${pinned}`,
  );
  if (flags.dryRun) return exitCodes.fine;
  const signal = endSignal();
  try {
    const fetched = await fetchModel({ name, model: { ...model, url }, folder, say, signal });
    const { file, bytes, sha256, checked } = fetched;
    const line = `${file}: ${megabytes(bytes)}, SHA-256 ${sha256} (${checked})\nnpm start -- --model ${name}`;
    process.stdout.write(flags.json ? `${JSON.stringify({ name, ...fetched })}\n` : `${line}\n`);
    return exitCodes.fine;
  } catch (error) {
    if (!signal.aborted && !(error instanceof FetchError)) throw error;
    const message = signal.aborted ? "stopped; the same command goes on from there" : (error as FetchError).message;
    process.stderr.write(`platform: ${message}\n`);
    return exitCodes.findings;
  }
}
