/** Which instances a target-tracking policy multiplies when it grows a group. */
export type ScaleOutBase =
  /** Instances past their warm-up; the result is compared with the capacity already asked for. */
  | "warmed"
  /** All that were asked for, warming ones included. */
  | "warmed-and-warming";

/** How spot capacity behaves. */
export interface SpotMarket {
  /** Interruptions of one instance in an hour of its life. */
  readonly interruptionsPerHour: number;
  /** Mean hours that a pool has capacity; 0 for always. */
  readonly availableHours: number;
  /** Mean hours that it then has none. */
  readonly unavailableHours: number;
  /** Share of the group's spot instances that are lost when the pool runs dry. */
  readonly lostWhenDry: number;
  /** Share of interruptions that a rebalance recommendation precedes. */
  readonly recommendedShare: number;
  /** Seconds by which it precedes them. */
  readonly recommendedLeadSeconds: number;
}

/**
 * Spot markets. `scarce` follows public records of V100 spot in us-east-1 (availability 17 to 59 %, a change of state every 3 to
 * 12 hours). How often g5 is interrupted is not published: `calm` is a guess. Leads of recommendations are those of a public
 * report from the field: 9 of 15 interruptions were announced, 17 minutes ahead at the least.
 */
export const spotMarkets = {
  calm: {
    interruptionsPerHour: 0.01,
    availableHours: 0,
    unavailableHours: 0,
    lostWhenDry: 0,
    recommendedShare: 0.6,
    recommendedLeadSeconds: 1020,
  },
  scarce: {
    interruptionsPerHour: 0.05,
    availableHours: 3,
    unavailableHours: 4,
    lostWhenDry: 0.3,
    recommendedShare: 0.6,
    recommendedLeadSeconds: 1020,
  },
} as const satisfies Record<string, SpotMarket>;
export type SpotMarketName = keyof typeof spotMarkets;

/** What AWS does not publish or this project has not measured; each is a switch, and the sensitivity report turns each. */
export interface Assumptions {
  /** AlarmLow's threshold as a share of the target: 0.70 is recorded for EC2, 0.90 for Application Auto Scaling. */
  readonly alarmLowRatio: number;
  /** Datapoints of AlarmHigh of a target-tracking policy; of one minute, or of 10 or 30 s where the policy asks for it. */
  readonly alarmHighDatapoints: number;
  /** Minutes that AlarmLow must breach. */
  readonly alarmLowMinutes: number;
  /** Seconds until a datapoint can be seen by an alarm. */
  readonly datapointDelaySeconds: number;
  /** Seconds after which an alarm that stays in ALARM invokes its action again. */
  readonly actionRepeatSeconds: number;
  readonly scaleOutBase: ScaleOutBase;
  /**
   * How far one decision of target tracking shrinks a group. The user guide says that it scales in "more gradually" than out and
   * no more: `proportional` goes where the formula points, `one-by-one` removes one instance.
   */
  readonly scaleIn: "proportional" | "one-by-one";
  /** Seconds between two decisions that shrink a group; 300 lie between those of the one recorded event. */
  readonly scaleInGapSeconds: number;
  /** True when nodes publish zeros before their model answers, as a naive publisher does. */
  readonly publishesWhileCold: boolean;
  /** Factor on every boot time. */
  readonly bootScale: number;
  /** Seconds from a decision to the launch. */
  readonly launchDelaySeconds: number;
  /** Seconds after which a launch that failed is tried again. */
  readonly retrySeconds: number;
  /** Share of on-demand launches that fail for lack of capacity. */
  readonly onDemandFailureShare: number;
  readonly spotMarket: SpotMarket;
  /** vCPU of the G and VT family that the account may run; both are 0 in a new account. */
  readonly quotaVcpus: { readonly onDemand: number; readonly spot: number };
}

export const defaultAssumptions: Assumptions = {
  alarmLowRatio: 0.7,
  alarmHighDatapoints: 3,
  alarmLowMinutes: 15,
  datapointDelaySeconds: 20,
  actionRepeatSeconds: 60,
  scaleOutBase: "warmed",
  scaleIn: "proportional",
  scaleInGapSeconds: 300,
  publishesWhileCold: false,
  bootScale: 1,
  launchDelaySeconds: 6,
  retrySeconds: 60,
  onDemandFailureShare: 0,
  spotMarket: spotMarkets.calm,
  quotaVcpus: { onDemand: Number.POSITIVE_INFINITY, spot: Number.POSITIVE_INFINITY },
};
