import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { InputError } from "../../../contracts/input-error";

/** A prefix in a bucket, from `s3://bucket/prefix`. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
}

/** Reads `s3://bucket/prefix`. @throws InputError */
export function parseS3Url(url: string, where: string): S3Location {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url);
  if (!match) throw new InputError({ path: "adapters", given: url, allowed: "s3://bucket/prefix", where });
  return { bucket: match[1]!, prefix: (match[2] ?? "").replace(/\/+$/, "") };
}

/** What this program needs of S3. */
export interface S3Reader {
  text(key: string): Promise<string>;
  /** Writes an object to a file. */
  download(key: string, file: string): Promise<void>;
}

/** Opens a bucket with the node's own credentials. The SDK is loaded here and not before: a node without S3 never pays for it. */
export async function openS3({ bucket, prefix }: S3Location): Promise<S3Reader> {
  const { GetObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ maxAttempts: 5, forcePathStyle: process.env.AWS_ENDPOINT_URL_S3 !== undefined });
  const get = async (key: string) => {
    const answer = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: prefix === "" ? key : `${prefix}/${key}` }),
    );
    if (!answer.Body) throw new Error(`s3://${bucket}/${prefix}/${key} is empty`);
    return answer.Body;
  };
  return {
    text: async (key) => (await get(key)).transformToString(),
    download: async (key, file) => pipeline((await get(key)) as Readable, createWriteStream(file)),
  };
}
