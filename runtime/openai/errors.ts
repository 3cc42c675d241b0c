/** An error as clients of the OpenAI API expect it. */
export interface ApiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** A request that the client got wrong. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  constructor(
    readonly status: number,
    message: string,
    readonly param: string | null = null,
    readonly code: string | null = null,
    readonly type = "invalid_request_error",
  ) {
    super(message);
  }
}

/** The client asked for a model that nothing here answers to. */
export function unknownModel(name: string): RequestError {
  const message = `The model \`${name}\` does not exist; GET /v1/models lists those that do.`;
  return new RequestError(404, message, "model", "model_not_found");
}

export interface ErrorAnswer {
  readonly status: number;
  readonly body: ApiErrorBody;
  readonly retryAfterSeconds?: number;
}
