import type { Timestamp } from '../../src/schema/ids.js'

/** One version as the registry describes it. Nothing in it is trusted: it is recorded as what the registry said. */
export interface RegistryVersion {
  readonly model: string
  readonly version: string
  readonly createdAt: Timestamp | null
  readonly tags: { readonly [key: string]: string }
  readonly run: { readonly id: string; readonly startedAt: Timestamp | null } | null
}

/** One file of a version. `path` is relative, with `/` between parts. */
export interface RegistryFile {
  readonly path: string
  readonly sizeBytes: number
}

/** What Countersign reads of a model registry. */
export interface ModelRegistry {
  /** What stands behind it, without secrets: `folder` or `mlflow`. */
  readonly kind: string
  /** Whether the registry itself refuses an alias write by anybody else; where not, we can only detect it. */
  readonly guardsAlias: boolean
  /** @throws PromotionError `MODEL_NOT_FOUND`, `REGISTRY_UNAVAILABLE` */
  version(model: string, version: string): Promise<RegistryVersion>
  versions(model: string): Promise<readonly RegistryVersion[]>
  models(): Promise<readonly string[]>
  /** Every file of the version. @throws PromotionError `SNAPSHOT_REFUSED` for a link, a device, or a path that leaves the folder */
  files(model: string, version: string, signal?: AbortSignal): Promise<readonly RegistryFile[]>
  /** The bytes of one file. @throws PromotionError `SNAPSHOT_REFUSED`, `REGISTRY_UNAVAILABLE` */
  open(
    model: string,
    version: string,
    path: string,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>
  /** The version that the alias points to now; null where there is none. */
  alias(model: string, alias: string): Promise<string | null>
}

/** What only the release worker holds: the right to move an alias. */
export interface AliasWriter {
  /**
   * Points the alias from one version to another, only if it still points to `from` (null: to nothing).
   * `to` null takes the alias away.
   *
   * @returns whether it was moved; false where it pointed elsewhere (`found`)
   * @throws PromotionError `REGISTRY_UNAVAILABLE`, `MODEL_NOT_FOUND`
   */
  moveAlias(
    model: string,
    alias: string,
    from: string | null,
    to: string | null,
  ): Promise<{ readonly moved: boolean; readonly found: string | null }>
}
