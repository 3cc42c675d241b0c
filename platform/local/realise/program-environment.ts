/** Variables of this process that a program needs to run at all. */
const inherited = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "NODE_COMPILE_CACHE"];

/**
 * How glibc's allocator gives memory back. By default it keeps what was freed, one heap for each thread: an inference host that swaps
 * adapters, each a llama.cpp context of some MiB, grew from 150 to 540 MiB and stayed there. One heap, blocks of 1 MiB and more
 * straight from the system and back to it, at most 4 MiB kept. Other systems ignore these.
 */
const allocator = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: String(1024 ** 2),
  MALLOC_TRIM_THRESHOLD_: String(4 * 1024 ** 2),
} as const;

/** What the environment of every program that runs on this machine begins with. */
export function programEnvironment(): NodeJS.ProcessEnv {
  return { ...Object.fromEntries(inherited.map((name) => [name, process.env[name]])), ...allocator };
}
