import { Argument, type Command } from "commander";
import { type GpuTier, gpuTiers, layRegistry } from "../../../contracts/archetypes";
import { InputError } from "../../../contracts/input-error";
import { ownRegistryOf } from "../../../contracts/own-archetypes";
import { wholeNumber } from "../../../runtime/command-line";
import { exitCodes } from "../../../runtime/main";
import { readProject } from "../../engine/project";
import { readStackConfig } from "../../engine/stack-config";
import { describeTier, explainTier, type TierOverrides } from "../gpu-explanation";
import { findProject } from "../project";

interface ExplainFlags {
  readonly stack?: string;
  readonly cwd: string;
  readonly model?: string;
  readonly context?: number;
  readonly rank?: number;
  readonly json?: boolean;
}

const examples = `
Without --stack the tier's defaults are explained. Exit code 1 means that the model does not fit.

Examples:
  platform explain gpu gold
  platform explain gpu silver --stack prod
  platform explain gpu silver --model Qwen2.5-7B-Instruct-AWQ --json
`;

/** `platform explain gpu gold`: what a node's GPU memory holds, whether it fits, and how long a node takes to be ready. */
export function registerExplain(program: Command): void {
  const explain = program.command("explain").description("Shows the arithmetic behind a decision of the program.");
  explain
    .command("gpu")
    .description("Memory of a tier's GPU, line by line, and the boot of a node, phase by phase.")
    .addArgument(new Argument("<tier>", "tier of GPU nodes").choices(gpuTiers))
    .option("-s, --stack <name>", "take the settings from this stack's config")
    .option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it", ".")
    .option("--model <name>", "another base model of the catalog")
    .option("--context <tokens>", "another longest context", wholeNumber("--context", 1))
    .option("--rank <rank>", "another adapter rank", wholeNumber("--rank", 1))
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action((tier: GpuTier, flags: ExplainFlags) => {
      const explanation = explainTier(tier, overridesFrom(tier, flags), placeOf(flags));
      const text = flags.json === true ? `${JSON.stringify(explanation, null, 2)}\n` : describeTier(explanation);
      process.stdout.write(text);
      process.exitCode = explanation.memory.fits ? exitCodes.fine : exitCodes.findings;
    });
}

const placeOf = ({ stack }: ExplainFlags): string =>
  stack === undefined ? "command line" : `command line, or Pulumi.${stack}.yaml, key game-ai-platform:gpu`;

function overridesFrom(tier: GpuTier, flags: ExplainFlags): TierOverrides {
  const given = flags.stack === undefined ? {} : tierConfig(tier, flags.cwd, flags.stack);
  return {
    ...(given.instanceTypes && { instanceTypes: given.instanceTypes }),
    ...(given.registry && { registry: given.registry }),
    engine: {
      ...given.engine,
      ...(flags.model !== undefined && { model: flags.model }),
      ...(flags.context !== undefined && { contextTokens: flags.context }),
      ...(flags.rank !== undefined && { adapterRank: flags.rank }),
    },
  };
}

/** The tier as the stack's file has it; the program itself checks it when the stack is previewed. */
function tierConfig(tier: GpuTier, cwd: string, stack: string): TierOverrides {
  const project = readProject(findProject(cwd));
  const { values } = readStackConfig(project, stack);
  const own = (key: string) => values[`${project.name}:${key}`];
  const text = own("gpu");
  const config = text === undefined ? undefined : (JSON.parse(text) as Partial<Record<GpuTier, TierOverrides>>);
  const given = config?.[tier];
  const registry = ownRegistryOf({ archetypes: own("archetypes"), chains: own("chains") }, stack);
  if (given !== undefined) return registry === undefined ? given : { ...given, registry: layRegistry(registry) };
  throw new InputError({
    path: `gpu.${tier}`,
    given: undefined,
    allowed: "a stack that declares the tier",
    where: `Pulumi.${stack}.yaml, key game-ai-platform:gpu`,
  });
}
