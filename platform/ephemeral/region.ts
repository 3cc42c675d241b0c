import { readProject } from "../engine/project";
import { readStackConfig } from "../engine/stack-config";

/** The region of a project's ephemeral stacks: `aws:region` of its Pulumi.yaml, else that of the environment. */
export function projectRegion(projectDir: string, environment = process.env): string | undefined {
  const { values } = readStackConfig(readProject(projectDir), "ephemeral");
  return values["aws:region"] || environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined;
}
