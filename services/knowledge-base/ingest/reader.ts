import { parentPort } from "node:worker_threads";
import { InputError } from "../../../contracts/input-error";
import { answerJobs, WorkerThread } from "../../../runtime/worker-thread";
import { startWorker } from "../workers";
import {
  type DocumentInput,
  documentPieces,
  type Piece,
  prepareDocument,
  type RawDocument,
  type StoredText,
} from "./prepare";

/** Characters that are read on the thread that asks: few enough that nobody waits. */
const smallText = 16_384;
/** A text that takes longer is refused, in milliseconds. */
const longestRead = 30_000;
type Job =
  | { readonly kind: "prepare"; readonly raw: RawDocument }
  | { readonly kind: "pieces"; readonly document: StoredText };

/** As {@link prepareDocument}; a large text is read by a worker thread, so that this one goes on answering. */
export function readDocument(raw: RawDocument): Promise<DocumentInput> {
  return read(raw.content, () => prepareDocument(raw), { kind: "prepare", raw });
}

/** As {@link documentPieces}, in the same way. */
export function readPieces({ title, content, mediaType }: StoredText): Promise<Piece[]> {
  const document = { title, content, mediaType };
  return read(content, () => documentPieces(document), { kind: "pieces", document });
}

async function read<T>(content: string, here: () => T, job: Job): Promise<T> {
  if (content.length <= smallText) return here();
  thread ??= new WorkerThread(() => startWorker("read", {}), longestRead);
  return thread.ask(job, () => tooLong(content.length)) as Promise<T>;
}

let thread: WorkerThread<Job> | undefined;

function tooLong(characters: number): InputError {
  const allowed = `a text that can be read within ${longestRead / 1000} s`;
  return new InputError({ path: "content", given: `${characters} characters`, allowed });
}

/** The worker's side. */
export function runReader(): void {
  answerJobs<Job>(parentPort, (job) =>
    job.kind === "prepare" ? prepareDocument(job.raw) : documentPieces(job.document),
  );
}
