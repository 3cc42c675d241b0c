import type { ProviderPlugin } from "../plugin";
import { unknownValue } from "../values";
import { expandDefaultVpc } from "./awsx/default-vpc";
import {
  expandEc2Service,
  expandEc2TaskDefinition,
  expandFargateService,
  expandFargateTaskDefinition,
} from "./awsx/ecs";
import { expandImage } from "./awsx/image";
import { expandApplicationLoadBalancer, expandNetworkLoadBalancer } from "./awsx/load-balancer";
import { expandRepository } from "./awsx/repository";
import { expandTrail } from "./awsx/trail";
import { expandVpc } from "./awsx/vpc";

/** Remote components of `@pulumi/awsx` that can be expanded offline. */
export const awsx: ProviderPlugin = {
  components: {
    "awsx:cloudtrail:Trail": expandTrail,
    "awsx:ec2:DefaultVpc": expandDefaultVpc,
    "awsx:ec2:Vpc": expandVpc,
    "awsx:ecr:Image": expandImage,
    "awsx:ecr:Repository": expandRepository,
    "awsx:ecs:EC2Service": expandEc2Service,
    "awsx:ecs:EC2TaskDefinition": expandEc2TaskDefinition,
    "awsx:ecs:FargateService": expandFargateService,
    "awsx:ecs:FargateTaskDefinition": expandFargateTaskDefinition,
    "awsx:lb:ApplicationLoadBalancer": expandApplicationLoadBalancer,
    "awsx:lb:NetworkLoadBalancer": expandNetworkLoadBalancer,
  },
  componentAliases: {
    "awsx:cloudtrail:Trail": [{ type: "aws:cloudtrail:x:Trail" }],
    "awsx:ecs:EC2Service": [{ type: "awsx:x:ecs:EC2Service" }],
    "awsx:ecs:EC2TaskDefinition": [{ type: "awsx:x:ecs:EC2TaskDefinition" }],
    "awsx:ecs:FargateService": [{ type: "awsx:x:ecs:FargateService" }],
    "awsx:ecs:FargateTaskDefinition": [{ type: "awsx:x:ecs:FargateTaskDefinition" }],
    "awsx:lb:ApplicationLoadBalancer": [{ name: "awsx:x:elasticloadbalancingv2:ApplicationLoadBalancer" }],
    "awsx:lb:NetworkLoadBalancer": [{ name: "awsx:x:elasticloadbalancingv2:NetworkLoadBalancer" }],
  },
  invokes: {
    "awsx:ec2:getDefaultVpc": () => ({
      vpcId: unknownValue,
      publicSubnetIds: unknownValue,
      privateSubnetIds: unknownValue,
    }),
  },
};
