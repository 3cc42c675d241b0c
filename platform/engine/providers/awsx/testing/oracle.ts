/**
 * Holds the expanders against the classes that the provider runs, whose source is public:
 * https://github.com/pulumi/pulumi-awsx, folder `awsx`.
 *   npx tsx platform/engine/providers/awsx/testing/oracle.ts SOURCE            compares the kept configurations
 *   npx tsx platform/engine/providers/awsx/testing/oracle.ts SOURCE --write    writes their answers anew
 *   npx tsx platform/engine/providers/awsx/testing/oracle.ts SOURCE --random 300 [--seed 1] [--show 5]
 * SOURCE is the folder `awsx`; what its `package.json` asks for must be found from there, with this project's `@pulumi` packages.
 */
import { resolve } from "node:path";
import { cases as kept } from "./cases";
import { difference } from "./difference";
import { writeGolden } from "./golden";
import { type Case, expandAll, refusalOf } from "./graph";
import { randomVpcCases } from "./random-cases";

async function main(): Promise<void> {
  const [source, ...rest] = process.argv.slice(2);
  if (source === undefined) throw new Error("give the folder of the provider's source (awsx in pulumi-awsx)");
  const option = (name: string, fallback: number): number =>
    rest.includes(name) ? Number(rest[rest.indexOf(name) + 1]) : fallback;
  const count = option("--random", 0);
  const cases = count === 0 ? kept : randomVpcCases(count, option("--seed", 1));
  const real = await expandAll(cases, resolve(source));
  if (rest.includes("--write")) {
    writeGolden(cases, (name) => ({ refusal: real.refusals[name], expanded: real.expanded.get(name) }));
  }
  const wrong: string[] = [];
  const accepted: Case[] = [];
  for (const one of cases) {
    const ours = await refusalOf(one);
    const theirs = real.refusals[one.name];
    if (ours === undefined && theirs === undefined) accepted.push(one);
    else if (ours === undefined || theirs === undefined) {
      wrong.push(`${show(one)}\n  the provider: ${theirs ?? "accepts"}\n  here: ${ours ?? "accepts"}`);
    }
  }
  const { expanded } = await expandAll(accepted);
  for (const one of accepted) {
    const found = difference(real.expanded.get(one.name)!, expanded.get(one.name)!);
    if (found !== undefined) wrong.push(`${show(one)}\n${found}`);
  }
  for (const text of wrong.slice(0, option("--show", 5))) console.log(`${text}\n`);
  const refused = Object.keys(real.refusals).length;
  console.log(
    `${cases.length - wrong.length} of ${cases.length} agree (the provider accepts ${cases.length - refused} and refuses ${refused})`,
  );
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

const show = ({ type, name, args }: Case): string => `${type} ${name} ${JSON.stringify(args)}`;

void main();
