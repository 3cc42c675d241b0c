// Generated from openapi.json by "npm run ai-router:client".
export interface paths {
  "/v1/chat/completions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Answer a conversation */
    post: operations["createChatCompletion"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/completions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Continue a text */
    post: operations["createCompletion"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/embeddings": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Turn text into vectors */
    post: operations["createEmbedding"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/npc/turns": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What a character does and says next */
    post: operations["createNpcTurn"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/models": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Every name that `model` may be */
    get: operations["listModels"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/models/{model}": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Its slash as `%2F` or as it is. */
        model: string;
      };
      cookie?: never;
    };
    /** One of them */
    get: operations["retrieveModel"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/openapi.json": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** This document */
    get: operations["openApi"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/health": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the process is well */
    get: operations["health"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/ready": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether work is accepted */
    get: operations["ready"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Prometheus series */
    get: operations["metrics"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Error: {
      error: {
        message: string;
        type: string;
        param: string | null;
        code: string | null;
      };
    };
    ChatCompletion: {
      id: string;
      created: number;
      model: string;
      /** @enum {string} */
      object: "chat.completion";
      choices: {
        index: number;
        finish_reason: string | null;
        message: {
          /** @enum {string} */
          role: "assistant";
          content: string | null;
          tool_calls?: Record<string, never>[];
        };
      }[];
      usage: {
        prompt_tokens: number;
        completion_tokens: number;
        total_tokens: number;
      };
    };
    Completion: {
      id: string;
      created: number;
      model: string;
      /** @enum {string} */
      object: "text_completion";
      choices: {
        index: number;
        finish_reason: string | null;
        text: string;
      }[];
      usage: {
        prompt_tokens: number;
        completion_tokens: number;
        total_tokens: number;
      };
    };
    Embeddings: {
      /** @enum {string} */
      object: "list";
      model: string;
      data: {
        /** @enum {string} */
        object: "embedding";
        index: number;
        /** @description Numbers, or base64 where it was asked for. */
        embedding: number[] | string;
      }[];
      usage: {
        prompt_tokens: number;
        total_tokens: number;
      };
    };
    Model: {
      id: string;
      /** @enum {string} */
      object: "model";
      created: number;
      owned_by: string;
      parent?: string | null;
      fallback?: string | null;
    };
    Models: {
      /** @enum {string} */
      object: "list";
      data: components["schemas"]["Model"][];
    };
    Status: {
      status: string;
      deprioritised?: boolean;
    };
  };
  responses: {
    /** @description Error in OpenAI's shape */
    Error: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description The key's limit is reached, every tier is full, or the tier wakes */
    Busy: {
      headers: {
        "retry-after"?: number;
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  createChatCompletion: {
    parameters: {
      query?: never;
      header?: {
        /** @description Goes through to the node and back; made up when missing. */
        "x-request-id"?: string;
        /** @description Milliseconds until the first token: below 100 Gold is asked, else Silver. */
        "x-latency-budget-ms"?: number;
        /** @description Which requests go first on a node. */
        "x-priority"?: "high" | "normal" | "low";
        /** @description Character whose last turns a chain of /v1/chat/completions remembers. */
        "x-npc-id"?: string;
        /** @description Milliseconds after which the answer is of no use. */
        "x-deadline-ms"?: number;
        /** @description W3C trace context. */
        traceparent?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          model: string;
          stream?: boolean | null;
          stream_options?: {
            include_usage?: boolean;
          } | null;
          max_tokens?: number | null;
          temperature?: number | null;
          top_p?: number | null;
          top_k?: number | null;
          min_p?: number | null;
          n?: 1 | null;
          seed?: number | null;
          stop?: (string | string[]) | null;
          presence_penalty?: number | null;
          frequency_penalty?: number | null;
          repetition_penalty?: number | null;
          logit_bias?: {
            [key: string]: number;
          } | null;
          ignore_eos?: boolean | null;
          min_tokens?: number | null;
          user?: string | null;
          metadata?: {
            [key: string]: string;
          } | null;
          store?: boolean | null;
          messages: ({
            /** @enum {string} */
            role: "system" | "developer" | "user" | "assistant" | "tool";
            content?:
              | string
              | {
                  /** @constant */
                  type: "text";
                  text: string;
                }[]
              | null;
          } & {
            [key: string]: unknown;
          })[];
          max_completion_tokens?: number | null;
          logprobs?: boolean | null;
          top_logprobs?: number | null;
          response_format?:
            | ({
                type: string;
              } & {
                [key: string]: unknown;
              })
            | null;
          tools?:
            | ({
                /** @constant */
                type: "function";
              } & {
                [key: string]: unknown;
              })[]
            | null;
          tool_choice?:
            | (
                | string
                | {
                    [key: string]: unknown;
                  }
              )
            | null;
          parallel_tool_calls?: boolean | null;
        };
      };
    };
    responses: {
      /** @description The answer, as the OpenAI API words it */
      200: {
        headers: {
          "x-request-id"?: string;
          /** @description The tier that answers. */
          "x-ai-router-tier"?: "gold" | "silver";
          /** @description US dollars an hour of one on-demand node of that tier, by the price table. */
          "x-ai-router-node-usd-hour"?: string;
          /** @description Set when another tier answers than the budget asks for: that tier, and why it does not. */
          "x-ai-router-spill"?: string;
          /** @description What answered. */
          "x-inference-host-model"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ChatCompletion"];
          "text/event-stream": string;
        };
      };
      400: components["responses"]["Error"];
      401: components["responses"]["Error"];
      403: components["responses"]["Error"];
      404: components["responses"]["Error"];
      413: components["responses"]["Error"];
      429: components["responses"]["Busy"];
      502: components["responses"]["Error"];
      503: components["responses"]["Busy"];
      504: components["responses"]["Error"];
    };
  };
  createCompletion: {
    parameters: {
      query?: never;
      header?: {
        /** @description Goes through to the node and back; made up when missing. */
        "x-request-id"?: string;
        /** @description Milliseconds until the first token: below 100 Gold is asked, else Silver. */
        "x-latency-budget-ms"?: number;
        /** @description Which requests go first on a node. */
        "x-priority"?: "high" | "normal" | "low";
        /** @description Character whose last turns a chain of /v1/chat/completions remembers. */
        "x-npc-id"?: string;
        /** @description Milliseconds after which the answer is of no use. */
        "x-deadline-ms"?: number;
        /** @description W3C trace context. */
        traceparent?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          model: string;
          stream?: boolean | null;
          stream_options?: {
            include_usage?: boolean;
          } | null;
          max_tokens?: number | null;
          temperature?: number | null;
          top_p?: number | null;
          top_k?: number | null;
          min_p?: number | null;
          n?: 1 | null;
          seed?: number | null;
          stop?: (string | string[]) | null;
          presence_penalty?: number | null;
          frequency_penalty?: number | null;
          repetition_penalty?: number | null;
          logit_bias?: {
            [key: string]: number;
          } | null;
          ignore_eos?: boolean | null;
          min_tokens?: number | null;
          user?: string | null;
          metadata?: {
            [key: string]: string;
          } | null;
          store?: boolean | null;
          prompt: string;
          echo?: false | null;
          logprobs?: number | null;
        };
      };
    };
    responses: {
      /** @description The answer, as the OpenAI API words it */
      200: {
        headers: {
          "x-request-id"?: string;
          /** @description The tier that answers. */
          "x-ai-router-tier"?: "gold" | "silver";
          /** @description US dollars an hour of one on-demand node of that tier, by the price table. */
          "x-ai-router-node-usd-hour"?: string;
          /** @description Set when another tier answers than the budget asks for: that tier, and why it does not. */
          "x-ai-router-spill"?: string;
          /** @description What answered. */
          "x-inference-host-model"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Completion"];
          "text/event-stream": string;
        };
      };
      400: components["responses"]["Error"];
      401: components["responses"]["Error"];
      403: components["responses"]["Error"];
      404: components["responses"]["Error"];
      413: components["responses"]["Error"];
      429: components["responses"]["Busy"];
      502: components["responses"]["Error"];
      503: components["responses"]["Busy"];
      504: components["responses"]["Error"];
    };
  };
  createEmbedding: {
    parameters: {
      query?: never;
      header?: {
        /** @description Goes through to the node and back; made up when missing. */
        "x-request-id"?: string;
        /** @description Milliseconds until the first token: below 100 Gold is asked, else Silver. */
        "x-latency-budget-ms"?: number;
        /** @description Which requests go first on a node. */
        "x-priority"?: "high" | "normal" | "low";
        /** @description Character whose last turns a chain of /v1/chat/completions remembers. */
        "x-npc-id"?: string;
        /** @description Milliseconds after which the answer is of no use. */
        "x-deadline-ms"?: number;
        /** @description W3C trace context. */
        traceparent?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          model: string;
          input: string | string[];
          /** @enum {string} */
          encoding_format?: "float" | "base64";
          dimensions?: number;
          user?: string;
        };
      };
    };
    responses: {
      /** @description The answer, as the OpenAI API words it */
      200: {
        headers: {
          "x-request-id"?: string;
          /** @description The tier that answers. */
          "x-ai-router-tier"?: "gold" | "silver";
          /** @description US dollars an hour of one on-demand node of that tier, by the price table. */
          "x-ai-router-node-usd-hour"?: string;
          /** @description Set when another tier answers than the budget asks for: that tier, and why it does not. */
          "x-ai-router-spill"?: string;
          /** @description What answered. */
          "x-inference-host-model"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Embeddings"];
        };
      };
      400: components["responses"]["Error"];
      401: components["responses"]["Error"];
      403: components["responses"]["Error"];
      404: components["responses"]["Error"];
      413: components["responses"]["Error"];
      429: components["responses"]["Busy"];
      502: components["responses"]["Error"];
      503: components["responses"]["Busy"];
      504: components["responses"]["Error"];
    };
  };
  createNpcTurn: {
    parameters: {
      query?: never;
      header?: {
        /** @description Goes through to the node and back; made up when missing. */
        "x-request-id"?: string;
        /** @description Milliseconds until the first token: below 100 Gold is asked, else Silver. */
        "x-latency-budget-ms"?: number;
        /** @description Which requests go first on a node. */
        "x-priority"?: "high" | "normal" | "low";
        /** @description Character whose last turns a chain of /v1/chat/completions remembers. */
        "x-npc-id"?: string;
        /** @description Milliseconds after which the answer is of no use. */
        "x-deadline-ms"?: number;
        /** @description W3C trace context. */
        traceparent?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @enum {string} */
          archetype: "vampire" | "werewolf" | "zombie" | "ghoul" | "lich";
          npc_id: string;
          message: string;
          chain?: string;
          /** @enum {string} */
          task?:
            | "personality"
            | "dialogue_style"
            | "action_policy"
            | "emotional_response"
            | "world_knowledge"
            | "social_dynamics"
            | "goal_prioritization";
          turns?: {
            asked: string;
            answered: string;
          }[];
          cards?: {
            relationship?: string;
            quest?: string;
          };
          latency_budget_ms?: number;
          /** @enum {string} */
          priority?: "high" | "normal" | "low";
          max_tokens?: number;
          temperature?: number;
          stream?: boolean;
        };
      };
    };
    responses: {
      /** @description The answer, as the OpenAI API words it */
      200: {
        headers: {
          "x-request-id"?: string;
          /** @description The tier that answers. */
          "x-ai-router-tier"?: "gold" | "silver";
          /** @description US dollars an hour of one on-demand node of that tier, by the price table. */
          "x-ai-router-node-usd-hour"?: string;
          /** @description Set when another tier answers than the budget asks for: that tier, and why it does not. */
          "x-ai-router-spill"?: string;
          /** @description What answered. */
          "x-inference-host-model"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ChatCompletion"];
          "text/event-stream": string;
        };
      };
      400: components["responses"]["Error"];
      401: components["responses"]["Error"];
      403: components["responses"]["Error"];
      404: components["responses"]["Error"];
      413: components["responses"]["Error"];
      429: components["responses"]["Busy"];
      502: components["responses"]["Error"];
      503: components["responses"]["Busy"];
      504: components["responses"]["Error"];
    };
  };
  listModels: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Models"];
        };
      };
      401: components["responses"]["Error"];
    };
  };
  retrieveModel: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Its slash as `%2F` or as it is. */
        model: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Model"];
        };
      };
      401: components["responses"]["Error"];
      404: components["responses"]["Error"];
    };
  };
  openApi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": Record<string, never>;
        };
      };
    };
  };
  health: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Status"];
        };
      };
    };
  };
  ready: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Ready */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Status"];
        };
      };
      /** @description Not ready, and why */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Status"];
        };
      };
    };
  };
  metrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description OK */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
    };
  };
}
