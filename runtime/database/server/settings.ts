type Settings = Readonly<Record<string, string | number>>;

/** A small server: 17 MiB with 16 databases, and 1.6 for each connection. Measured; defaults take 26 and more. */
const small: Settings = {
  autovacuum_max_workers: 1,
  jit: "off",
  max_connections: 100,
  max_logical_replication_workers: 0,
  max_parallel_workers: 0,
  max_wal_senders: 0,
  max_worker_processes: 2,
  shared_buffers: "16MB",
  wal_level: "minimal",
};

/** What does not depend on the machine: its shared memory, time zone and messages. */
const everywhere: Settings = {
  dynamic_shared_memory_type: "mmap",
  huge_pages: "off",
  lc_messages: "C",
  listen_addresses: "127.0.0.1",
  log_timezone: "UTC",
  timezone: "UTC",
  // Sockets of the file system have a path that may be too long, and nobody needs them.
  unix_socket_directories: "",
};

/** A crash of the machine may cost what was written last; a killed process costs nothing. */
const careless: Settings = { fsync: "off", full_page_writes: "off" };

/**
 * Arguments of `postgres`.
 * @param durable Whether what is committed outlives a power cut
 */
export function serverArguments(data: string, port: number, durable: boolean): string[] {
  const settings = { ...everywhere, ...small, ...(durable ? {} : careless), port };
  const pairs = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return ["-D", data, ...pairs.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

/**
 * Arguments of `initdb`. Texts sort as in `en_US`, which is what RDS makes, by ICU, since that locale is not installed everywhere.
 */
export function initArguments(data: string, administrator: string, passwordFile: string): string[] {
  return [
    ...["-D", data, `--username=${administrator}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"],
    ...["--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US", "--wal-segsize=4"],
    "--no-sync",
  ];
}
