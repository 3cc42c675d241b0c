// Runs several programs in one process, each with an environment and an end of its own. A program is a bundle that hands itself over when
// it is loaded (runtime/service/hosted.ts). The process that started this one says what, by messages: { start: id, file, env },
// { signal: id, name }. It answers { id, line } and { id, exit: code }.
const hostName = Symbol.for("game-ai-platform.service-host");

/** Programs by id: promises of what ends them. */
const programs = new Map();
let ending = false;

process.on("message", (message) => {
  if (message.start !== undefined) void start(message);
  else void end(message.signal, message.name);
});
// Without the one that started it there is nobody to answer to.
process.on("disconnect", () => void endAll());
process.on("SIGTERM", () => void endAll());

async function start({ start: id, file, env }) {
  const running = load(file).then((program) => program.start(env));
  programs.set(id, running);
  try {
    await running;
  } catch (error) {
    programs.delete(id);
    say({ id, line: error.message });
    say({ id, exit: error.name === "InputError" ? 2 : 1 });
  }
}

/** Loads a bundle as it is now: it may have been built again. */
async function load(file) {
  let program;
  globalThis[hostName] = (loaded) => {
    program = loaded;
  };
  delete require.cache[file];
  require(file);
  if (program === undefined) throw new Error(`${file} is no program that can share a process`);
  return program;
}

/** SIGKILL cannot be meant for one of them alone: the process ends, and all come back in another one. */
async function end(id, name) {
  const running = programs.get(id);
  if (running === undefined) return;
  if (name === "SIGKILL") process.exit(1);
  await running.then((program) => program.stop()).catch((error) => say({ id, line: error.message }));
  programs.delete(id);
  say({ id, exit: 0 });
}

async function endAll() {
  if (ending) return;
  ending = true;
  await Promise.all([...programs.keys()].map((id) => end(id, "SIGTERM")));
  process.exit();
}

function say(message) {
  if (process.connected) process.send(message);
}
