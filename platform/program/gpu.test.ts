import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { groupDimension } from "../../contracts/metrics";
import { drainSeconds } from "../../contracts/node";
import { type Evaluation, evaluate, type PropertyMap, type PropertyValue, type RecordedResource } from "../engine";

const projectDir = join(__dirname, "..", "..");
const timeout = 540_000;

const ofType = ({ resources }: Evaluation, type: string, under = "") =>
  resources.filter((resource) => resource.type === type && resource.name.startsWith(under));
const only = (evaluation: Evaluation, type: string, under: string): RecordedResource => {
  const found = ofType(evaluation, type, under);
  assert.equal(found.length, 1, `${found.length} of ${type} under ${under}`);
  return found[0]!;
};
const at = (value: PropertyValue | undefined, ...path: (string | number)[]): PropertyValue | undefined =>
  path.reduce<PropertyValue | undefined>((here, key) => (here as PropertyMap | undefined)?.[key], value);

/** What the metrics agent says that it publishes: the program itself, asked. */
function published(): Set<string> {
  const agent = join(projectDir, "agents", "gpu-metrics", "main.ts");
  const text = execFileSync(process.execPath, ["--import", "tsx", agent, "--explain", "--json"], { encoding: "utf8" });
  const { metrics } = JSON.parse(text) as { metrics: { namespace: string; name: string; dimensions: string[] }[] };
  return new Set(metrics.map(({ namespace, name, dimensions }) => [namespace, name, ...dimensions].join(" ")));
}

describe("GPU tiers of the prod stack", () => {
  let prod: Evaluation;
  let sent: ReadonlySet<string>;
  before(async () => {
    sent = published();
    prod = await evaluate({ projectDir, stack: "prod", timeoutMs: timeout });
  });

  for (const [tier, min, max, type, gb] of [
    ["gold", 1, 50, "g5.xlarge", 100],
    ["silver", 1, 30, "g5.2xlarge", 150],
  ] as const) {
    it(`has ${tier} between ${min} and ${max} nodes of ${type}, capacity left to the scaler`, () => {
      const group = only(prod, "aws:autoscaling/group:Group", `gpu-${tier}`);
      const { inputs, options } = group;
      assert.deepEqual([inputs.minSize, inputs.maxSize, inputs.desiredCapacity], [min, max, min]);
      assert.ok(options.ignoreChanges?.includes("desiredCapacity"));
      const overrides = at(inputs.mixedInstancesPolicy, "launchTemplate", "overrides") as PropertyMap[];
      assert.equal(overrides[0]?.instanceType, type);
      assert.ok(overrides.length > 1);
      assert.deepEqual(
        overrides.flatMap((override) => Object.keys(override)),
        overrides.map(() => "instanceType"),
      );
      const disk = at(
        only(prod, "aws:ec2/launchTemplate:LaunchTemplate", `gpu-${tier}`).inputs.blockDeviceMappings,
        0,
        "ebs",
      );
      assert.deepEqual([at(disk, "volumeSize"), at(disk, "encrypted"), at(disk, "volumeType")], [gb, "true", "gp3"]);
    });

    it(`tracks on ${tier} only metrics that the agent publishes, under the same dimensions`, () => {
      const policies = ofType(prod, "aws:autoscaling/policy:Policy", `gpu-${tier}`);
      const tracked = policies
        .map(({ inputs }) => at(inputs.targetTrackingConfiguration, "customizedMetricSpecification"))
        .filter((specification) => specification !== undefined);
      assert.equal(tracked.length, 2);
      const asked: PropertyMap[] = [];
      for (const specification of tracked) {
        const queries = (at(specification, "metrics") ?? []) as PropertyMap[];
        const stats = queries.map(({ metricStat }) => at(metricStat, "metric") as PropertyMap | undefined);
        asked.push(...stats.filter((metric) => metric !== undefined));
        const dimensions = at(specification, "metricDimensions");
        if (dimensions !== undefined) asked.push({ ...(specification as PropertyMap), dimensions });
      }
      assert.equal(asked.length, 4);
      for (const specification of asked) {
        const dimensions = at(specification, "dimensions") as PropertyMap[];
        const identity = [
          at(specification, "namespace"),
          at(specification, "metricName"),
          ...dimensions.map(({ name }) => name),
        ];
        const byRouter = identity.join(" ") === "AI-Gaming/Router Demand AutoScalingGroupName";
        assert.ok(byRouter || sent.has(identity.join(" ")), identity.join(" "));
        assert.deepEqual(
          dimensions.map(({ name }) => name),
          [groupDimension],
        );
        assert.equal(at(specification, "unit"), undefined);
      }
    });
  }

  it("follows on each tier demand over its own nodes, every 10 s, and shrinks by steps of an alarm on the same", () => {
    for (const [tier, target] of [
      ["gold", 318],
      ["silver", 174],
    ] as const) {
      const tracking = only(prod, "aws:autoscaling/policy:Policy", `gpu-${tier}-demand`).inputs
        .targetTrackingConfiguration as PropertyMap;
      assert.deepEqual([tracking.targetValue, tracking.disableScaleIn], [target, true]);
      const queries = at(tracking, "customizedMetricSpecification", "metrics") as PropertyMap[];
      assert.deepEqual(
        queries.map(({ id, metricStat, returnData }) => [id, metricStat && at(metricStat, "period"), returnData]),
        [
          ["demand", 10, false],
          ["beats", 10, false],
          ["queue", 10, false],
          ["load", undefined, true],
        ],
      );
      const shrink = only(prod, "aws:autoscaling/policy:Policy", `gpu-${tier}-scale-in`);
      assert.deepEqual(
        [shrink.inputs.policyType, shrink.inputs.adjustmentType, shrink.inputs.minAdjustmentMagnitude],
        ["StepScaling", "PercentChangeInCapacity", 1],
      );
      const alarm = only(prod, "aws:cloudwatch/metricAlarm:MetricAlarm", `gpu-${tier}-idle`);
      assert.deepEqual(
        [alarm.inputs.comparisonOperator, alarm.inputs.treatMissingData, alarm.inputs.evaluationPeriods],
        ["LessThanThreshold", "notBreaching", 3],
      );
      assert.deepEqual(alarm.propertyDependencies.alarmActions, [shrink.urn]);
    }
  });

  it("launches a replacement before it takes a node away, and copies a volume's blocks at a rate", () => {
    for (const { inputs } of ofType(prod, "aws:autoscaling/group:Group", "gpu-")) {
      assert.deepEqual(inputs.instanceMaintenancePolicy, { minHealthyPercentage: 100, maxHealthyPercentage: 110 });
      assert.equal(at(inputs.instanceRefresh, "preferences", "minHealthyPercentage"), 100);
      assert.ok((at(inputs.mixedInstancesPolicy, "launchTemplate", "overrides") as unknown[]).length >= 3);
    }
    for (const { inputs } of ofType(prod, "aws:ec2/launchTemplate:LaunchTemplate", "gpu-")) {
      assert.equal(at(inputs.blockDeviceMappings, 0, "ebs", "volumeInitializationRate"), 300);
    }
  });

  it("tells an encrypted topic of every launch and termination that fails", () => {
    const topics = ofType(prod, "aws:sns/topic:Topic", "alerts");
    assert.ok(topics.length > 0 && topics.every(({ inputs }) => inputs.kmsMasterKeyId !== undefined));
    const notifications = ofType(prod, "aws:autoscaling/notification:Notification");
    assert.deepEqual(notifications.map(({ name }) => name).sort(), ["gpu-gold-errors", "gpu-silver-errors"]);
    for (const { name, inputs, propertyDependencies } of notifications) {
      assert.deepEqual(inputs.notifications, [
        "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
        "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
      ]);
      const [told] = propertyDependencies.topicArn ?? [];
      assert.ok(topics.some(({ urn }) => urn === told));
      assert.match(propertyDependencies.groupNames?.join() ?? "", new RegExp(name.replace("errors", "group$")));
    }
  });

  it("pins the template by number, with the AMI by id, so that a refresh can roll back", () => {
    for (const { inputs } of ofType(prod, "aws:autoscaling/group:Group", "gpu-")) {
      const version = at(inputs.mixedInstancesPolicy, "launchTemplate", "launchTemplateSpecification", "version");
      assert.doesNotMatch(String(version), /\$/);
      assert.equal(at(inputs.instanceRefresh, "preferences", "autoRollback"), true);
    }
    for (const { inputs } of ofType(prod, "aws:ec2/launchTemplate:LaunchTemplate", "gpu-")) {
      assert.doesNotMatch(String(inputs.imageId), /^resolve:/);
      assert.equal(inputs.keyName, undefined);
      assert.equal(at(inputs.metadataOptions, "httpTokens"), "required");
      assert.equal(at(inputs.metadataOptions, "instanceMetadataTags"), "enabled");
      assert.equal(at(inputs.networkInterfaces, 0, "associatePublicIpAddress"), "false");
    }
  });

  it("puts no tag on a node that metadata cannot show: a key with a space or slash would stop every launch", () => {
    const groups = ofType(prod, "aws:autoscaling/group:Group", "gpu-");
    const keys = groups.flatMap(({ inputs }) => (inputs.tags as PropertyMap[]).map(({ key }) => String(key)));
    assert.ok(keys.includes("Tier"));
    for (const key of keys) assert.doesNotMatch(key, /[ /]/);
  });

  it("lets the load balancer drain exactly as long as the node does", () => {
    for (const { inputs } of ofType(prod, "aws:lb/targetGroup:TargetGroup", "gpu-")) {
      assert.equal(inputs.deregistrationDelay, drainSeconds);
      assert.equal(inputs.loadBalancingAlgorithmType, "least_outstanding_requests");
      assert.equal(inputs.slowStart, undefined);
    }
  });

  it("lets nothing but the internal load balancer reach a node", () => {
    const into = ofType(prod, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "gpu-gold");
    assert.deepEqual(
      into.map(({ inputs }) => [inputs.fromPort, inputs.cidrIpv4]),
      [[8000, undefined]],
    );
    const [group] = ofType(prod, "aws:ec2/securityGroup:SecurityGroup", "gpu-gold-nodes");
    assert.equal(group?.inputs.ingress, undefined);
    assert.equal(only(prod, "aws:lb/loadBalancer:LoadBalancer", "gpu").inputs.internal, true);
  });

  it("holds launch and termination by hooks that exist before the first node", () => {
    for (const tier of ["gold", "silver"]) {
      const group = only(prod, "aws:autoscaling/group:Group", `gpu-${tier}`);
      const initial = (group.inputs.initialLifecycleHooks as PropertyMap[]).map(({ name }) => name).sort();
      const hooks = ofType(prod, "aws:autoscaling/lifecycleHook:LifecycleHook", `gpu-${tier}`);
      assert.deepEqual(hooks.map(({ inputs }) => inputs.name).sort(), initial);
      assert.deepEqual(initial, ["node-drained", "node-ready"]);
    }
  });

  it("declares no capacity provider over a GPU group, which would fight its policies", () => {
    assert.deepEqual(ofType(prod, "aws:ecs/capacityProvider:CapacityProvider"), []);
  });

  it("has one build machine that nothing reaches and that two idle hours stop", () => {
    const machine = only(prod, "aws:ec2/instance:Instance", "ue5-builder");
    assert.deepEqual(
      [machine.inputs.instanceType, machine.inputs.keyName, machine.inputs.associatePublicIpAddress],
      ["c5.4xlarge", undefined, false],
    );
    assert.deepEqual(
      [at(machine.inputs.rootBlockDevice, "volumeSize"), at(machine.inputs.rootBlockDevice, "encrypted")],
      [200, true],
    );
    assert.deepEqual(ofType(prod, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ue5-builder"), []);
    const idle = only(prod, "aws:cloudwatch/metricAlarm:MetricAlarm", "ue5-builder").inputs;
    assert.equal(Number(idle.period) * Number(idle.evaluationPeriods), 7200);
    assert.match(String(at(idle.alarmActions, 0)), /:ec2:stop$/);
  });

  it("refuses in one line what the config gets wrong, naming the key", async () => {
    const config = { gpu: JSON.stringify({ gold: { min: 5, max: 2 }, quotas: { onDemandVcpus: 99, spotVcpus: 99 } }) };
    await assert.rejects(evaluate({ projectDir, stack: "prod", config, timeoutMs: timeout }), (error: Error) => {
      assert.match(error.message, /gpu\.gold\.min: 5 is not allowed; allowed: at most max \(2\).*Pulumi\.prod\.yaml/);
      return true;
    });
  });
});

describe("GPU tiers of the dev stack", () => {
  it("run no node until a request waits, then one", async () => {
    const dev = await evaluate({ projectDir, stack: "dev", timeoutMs: timeout });
    for (const tier of ["gold", "silver"]) {
      const group = only(dev, "aws:autoscaling/group:Group", `gpu-${tier}`).inputs;
      assert.deepEqual([group.minSize, group.desiredCapacity], [0, 0]);
      const wake = only(dev, "aws:autoscaling/policy:Policy", `gpu-${tier}-wake`).inputs;
      assert.deepEqual(
        [wake.policyType, wake.adjustmentType, at(wake.stepAdjustments, 0, "scalingAdjustment")],
        ["StepScaling", "ChangeInCapacity", 1],
      );
      const alarm = only(dev, "aws:cloudwatch/metricAlarm:MetricAlarm", `gpu-${tier}-waiting`).inputs;
      assert.equal(alarm.treatMissingData, "notBreaching");
    }
    assert.deepEqual(ofType(dev, "aws:ec2/instance:Instance"), []);
  });
});

describe("GPU image of the shared stack", () => {
  it("is a pipeline with tests, versions from its content, old ones kept, and no AMI released by itself", async () => {
    const shared = await evaluate({ projectDir, stack: "shared", timeoutMs: timeout });
    const pipeline = only(shared, "aws:imagebuilder/imagePipeline:ImagePipeline", "gpu-image").inputs;
    assert.equal(at(pipeline.imageTestsConfiguration, "imageTestsEnabled"), true);
    const components = ofType(shared, "aws:imagebuilder/component:Component", "gpu-image");
    assert.equal(components.length, 7);
    for (const { inputs, options } of components) {
      assert.match(String(inputs.version), /^1\.\d+\.\d+$/);
      assert.equal(options.retainOnDelete, true);
    }
    assert.equal(only(shared, "aws:imagebuilder/imageRecipe:ImageRecipe", "gpu-image").options.retainOnDelete, true);
    assert.equal(only(shared, "aws:ssm/parameter:Parameter", "gpu-image-release").inputs.insecureValue, "none");
  });
});
