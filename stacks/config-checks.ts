import { logRetentionProblem } from "../catalog/cloudwatch";
import { cacheNodesProblem, valkeyVersionProblem } from "../catalog/elasticache";
import type { LimitProblem } from "../catalog/problem";
import { monitoringIntervalProblem, performanceInsightsProblem, pgvectorProblem } from "../catalog/rds";
import { planSubnets } from "../components/cidr";
import { InputError } from "../contracts/input-error";
import type { PlatformConfig } from "./config-schema";
import type { StackKind } from "./kind";

/**
 * Checks what a schema cannot: limits of AWS, and settings against each other and against the stack's kind.
 * @throws InputError for the first problem, naming the config key.
 */
export function checkConfig(
  config: PlatformConfig,
  { stack, production, kind }: { stack: string; production: boolean; kind: StackKind },
): void {
  const where = (key: string) => `Pulumi.${stack}.yaml, key game-ai-platform:${key}`;
  const refuse = (path: string, problem: LimitProblem | undefined) => {
    if (problem !== undefined) throw new InputError({ path, ...problem, where: where(path.split(".")[0]!) });
  };
  const { network, compute, database, cache, edge } = config;

  if (config.lifetime !== undefined && kind !== "ephemeral") {
    refuse("lifetime", { given: config.lifetime, allowed: "nothing: only an ephemeral stack has one" });
  }
  planSubnets(network, where("network"));
  refuse("compute.logDays", logRetentionProblem(compute.logDays));
  if (database.enabled) {
    refuse("database.engineVersion", pgvectorProblem(database.engineVersion));
    refuse("database.monitoringSeconds", monitoringIntervalProblem(database.monitoringSeconds));
    refuse("database.performanceInsightsDays", performanceInsightsProblem(database.performanceInsightsDays));
    refuse("database.maxStorageGb", belowInitial(database));
  }
  if (cache.enabled) {
    refuse("cache.version", valkeyVersionProblem(cache.version));
    refuse("cache.nodes", cacheNodesProblem(cache.nodes, cache.multiAz));
  }
  if (edge.certificate === undefined) {
    if (production) {
      refuse("edge.certificate", {
        given: undefined,
        allowed: "`shared` or the ARN of an ACM certificate; prod has no plain HTTP",
      });
    }
    const world = edge.allowedCidrs.findIndex((cidr) => cidr.endsWith("/0"));
    if (world >= 0) {
      refuse(`edge.allowedCidrs[${world}]`, {
        given: edge.allowedCidrs[world],
        allowed: "listed networks only while edge.certificate is not set",
      });
    }
  }
}

function belowInitial({
  storageGb,
  maxStorageGb,
}: {
  storageGb: number;
  maxStorageGb: number;
}): LimitProblem | undefined {
  return maxStorageGb < storageGb
    ? { given: maxStorageGb, allowed: `at least database.storageGb, ${storageGb}` }
    : undefined;
}
