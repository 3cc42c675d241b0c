import { createLogger } from "../../runtime/logger";
import { exitCodes } from "../../runtime/main";
import { startHost } from "./host";
import { readOptions } from "./options";

/** Brings the host up on the toy model, asks two archetypes, and takes it down: the image's test phase. */
export async function selfCheck(): Promise<number> {
  const host = await startHost(
    readOptions({ engine: "llama", port: 0, operatorPort: 0, drainSeconds: 5 }, {}),
    createLogger("inference-host", "warn"),
  );
  try {
    await host.ready;
    const answers = await Promise.all(
      ["vampire/dialogue_style", "zombie/dialogue_style"].map((model) => ask(host.port, model)),
    );
    const distinct = new Set(answers).size === answers.length && answers.every((answer) => answer !== "");
    process.stdout.write(`${JSON.stringify({ ok: distinct, engine: "llama.cpp", model: "toy", answers })}\n`);
    return distinct ? exitCodes.fine : exitCodes.findings;
  } finally {
    await host.stop();
  }
}

async function ask(port: number, model: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Who goes there?" }], temperature: 0 }),
  });
  if (!answer.ok) throw new Error(`${model}: HTTP ${answer.status} ${await answer.text()}`);
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content.trim() ?? "";
}
