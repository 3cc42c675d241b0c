/** Faults that the vLLM double can show; each is one that the real server has, or has had. */
export interface VllmFaults {
  /** Unloading forgets the name and keeps the weights (vLLM issues 42633, 54839). On by default: it is open. */
  unloadLeaks: boolean;
  /** Loading an adapter while one decodes makes running requests answer with another adapter's weights (issue 47724). */
  loadMixesRunning: boolean;
  /** A request for a broken adapter fails every request in flight (issue 4879). */
  badAdapterKillsBatch: boolean;
  /** Errors come flat, as before release 0.10. */
  flatErrors: boolean;
  /** /health and everything else answers 503, as after an EngineDeadError. */
  engineDead: boolean;
  /** Nothing is answered any more, though connections are taken. */
  hang: boolean;
  /** Streams stop after their first chunk until this is off again; everything else answers. */
  paused: boolean;
  /** Generations stop, running ones and new ones, while /health and /metrics answer (vLLM issues 36451 and 39863). */
  hangGeneration: boolean;
  /** Factor on the time that prompts and tokens take. */
  slowness: number;
  /** Requests for tokens are taken and get none until this is off again; everything else answers. */
  silent: boolean;
  /** The next load answers 500. */
  failNextLoad: boolean;
}

/** The faults of a double that is started without any being named. */
export const defaultFaults: VllmFaults = {
  unloadLeaks: true,
  loadMixesRunning: true,
  badAdapterKillsBatch: true,
  flatErrors: false,
  engineDead: false,
  hang: false,
  hangGeneration: false,
  slowness: 1,
  paused: false,
  silent: false,
  failNextLoad: false,
};
