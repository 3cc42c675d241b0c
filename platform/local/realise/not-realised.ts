import type { Evaluation } from "../../engine";
import { isProviderType } from "../../engine";
import type { LocalState } from "../state";

/** Why a resource exists in the cloud only, by the beginning of its type; the longest that fits says it. */
const reasons: Readonly<Record<string, string>> = {
  "": "nothing here stands for it",
  "aws:appautoscaling/": "a service runs once here",
  "aws:autoscaling/notification:": "nobody is told of launches here; the decision log shows them",
  "aws:cloudwatch/": "output is kept in memory, for the console",
  "aws:ec2/": "one machine has no network of its own",
  "aws:ecs/cluster": "this machine is the cluster",
  "aws:elasticache/": "no light Redis comes from npm; services get no REDIS_*",
  "aws:iam/": "processes run as you and take no role",
  "aws:rds/": "the PostgreSQL of this machine has no such part",
  "aws:s3/": "no light S3 comes from npm; services get no bucket",
  "aws:scheduler/": "nothing runs by the clock here",
  "aws:sns/": "the emulator asks for no permission",
  "aws:sqs/": "the emulator asks for no permission",
  "aws:vpc/": "loopback has no security groups",
  "aws:wafv2/": "the edge here is on loopback only",
  "awsx:": "one machine has no network of its own",
};

/**
 * Counts what has no realiser, by type, the most frequent first. Components and providers are no resources of a cloud.
 * @param realised Types that something stands for.
 */
export function notRealised(evaluation: Evaluation, realised: ReadonlySet<string>): LocalState["notRealised"] {
  const counts = new Map<string, number>();
  for (const { type, custom, external } of evaluation.resources) {
    if (!custom || external || isProviderType(type) || realised.has(type)) continue;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))
    .map(([type, count]) => ({ type, count, why: reason(type) }));
}

function reason(type: string): string {
  const [best] = Object.keys(reasons)
    .filter((start) => type.startsWith(start))
    .sort((a, b) => b.length - a.length);
  return reasons[best!]!;
}
