/** Seconds that a build may take: UE5 from source on 16 vCPU is a matter of hours. */
const buildTimeoutSeconds = 6 * 3600;

/**
 * A Systems Manager Automation document that starts the build machine, waits until its agent answers and runs a command on it.
 * It runs with the rights of whoever starts it, so a build trigger needs no right to sign in.
 * Source: Systems Manager Automation runbook reference, aws:changeInstanceState, aws:waitForAwsResourceProperty, aws:runCommand.
 */
export function startBuildDocument(instanceId: string) {
  return {
    schemaVersion: "0.3",
    description: "Starts the UE5 build machine and runs a command on it.",
    parameters: {
      Command: {
        type: "String",
        description: "Command for the machine's shell, for example the script that builds a branch.",
        default: "uptime",
      },
    },
    mainSteps: [
      {
        name: "start",
        action: "aws:changeInstanceState",
        timeoutSeconds: 600,
        inputs: { InstanceIds: [instanceId], DesiredState: "running" },
      },
      {
        name: "reachable",
        action: "aws:waitForAwsResourceProperty",
        timeoutSeconds: 600,
        inputs: {
          Service: "ssm",
          Api: "DescribeInstanceInformation",
          InstanceInformationFilterList: [{ key: "InstanceIds", valueSet: [instanceId] }],
          PropertySelector: "$.InstanceInformationList[0].PingStatus",
          DesiredValues: ["Online"],
        },
      },
      {
        name: "build",
        action: "aws:runCommand",
        timeoutSeconds: buildTimeoutSeconds,
        inputs: {
          DocumentName: "AWS-RunShellScript",
          InstanceIds: [instanceId],
          Parameters: { commands: ["{{ Command }}"], executionTimeout: String(buildTimeoutSeconds) },
        },
        isEnd: true,
      },
    ],
  };
}
