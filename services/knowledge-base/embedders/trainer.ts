import { parentPort, workerData } from "node:worker_threads";
import { startWorker } from "../workers";
import { type StatisticalModel, trainStatisticalModel } from "./statistical-model";

/** Trains in a worker thread, so that the main thread goes on answering. */
export function trainInWorker(passages: readonly string[]): Promise<StatisticalModel> {
  return new Promise((resolve, reject) => {
    const worker = startWorker("train", { passages });
    worker.once("message", (model: StatisticalModel) => resolve(model));
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`training ended with code ${code}`)));
  });
}

/** The worker's side of {@link trainInWorker}. */
export function runTrainer(): void {
  const { passages } = workerData as { passages: string[] };
  const model = trainStatisticalModel(passages);
  parentPort?.postMessage(model, [model.factors.buffer as ArrayBuffer, model.idf.buffer as ArrayBuffer]);
}
