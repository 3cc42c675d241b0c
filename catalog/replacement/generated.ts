/** What the provider's source says of one resource type. Paths are the SDK's, `[*]` for any item. */
export interface GeneratedType {
  /** The type in the provider. */
  readonly from: string;
  /** `package/function` of the provider's `internal/service` that declares the schema. */
  readonly source: string;
  /** Properties whose change replaces the resource. */
  readonly replaces?: readonly string[];
  /** Properties that replace when they change to another value; left out, the cloud keeps the old one. */
  readonly replacesWhenSet?: readonly string[];
  /** Properties that code beside the schema replaces for, depending on the values; `*` when it was not understood which. */
  readonly depends?: readonly string[];
  /** The property that the provider fills with a unique name. */
  readonly autoName?: "name";
  /** Lists whose order means nothing. */
  readonly unordered?: readonly string[];
  /** Properties of the SDK that the source does not have. */
  readonly unknown?: readonly string[];
}

export interface GeneratedTable {
  readonly source: string;
  readonly sourceVersion: string;
  readonly sdk: string;
  readonly sdkVersion: string;
  readonly types: Readonly<Record<string, GeneratedType>>;
}
