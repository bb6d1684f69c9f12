import { join } from 'node:path'
import { checkoutRoot } from './config/checkout.js'
import { faultsTogether } from './config/rules.js'
import { readSettings } from './config/settings.js'
import type { Settings } from './config/settings.js'
import { PromotionError } from './domain/errors.js'

type Env = Readonly<Record<string, string | undefined>>

/** Where Temporal is: a development server of ours, or a cluster that the standard TEMPORAL_ settings describe. */
export type TemporalConfig =
  | {
      readonly kind: 'embedded'
      readonly address: string
      readonly port: number
      readonly uiPort: number
      readonly namespace: string
    }
  | { readonly kind: 'existing' }

/** Everything that can be set from outside, read once and checked. Parts are given what they need of it, never the whole. */
export interface Config {
  /** Absolute; keys, log, stores and logs of this installation lie below it. */
  readonly home: string
  readonly development: boolean
  readonly host: string
  readonly port: number
  /** Where people's browsers reach the API; no slash at its end. */
  readonly publicOrigin: string
  readonly recorderPort: number
  readonly recorderUrl: string
  readonly identityPort: number
  readonly oidc: {
    readonly issuer: string
    readonly audience: string
    readonly algorithms: readonly string[]
  }
  readonly governance: string
  readonly evaluationSets: string
  /** An absolute folder, or `mlflow+http://…` or `mlflow+https://…`. */
  readonly registry: string
  /** Only the release worker reads it. */
  readonly registryTokenFile: string | null
  readonly temporal: TemporalConfig
  readonly checkTimeouts: {
    readonly startToCloseMs: {
      readonly provenance: number
      readonly scan: number
      readonly evaluation: number
    }
    readonly heartbeatMs: number
  }
  readonly observeAliasMs: number
  readonly snapshotKeepDays: number
}

/**
 * Reads the environment once.
 *
 * @throws PromotionError `CONFIG_INVALID` that names every faulty setting at once, and never a value
 */
export function loadConfig(env: Env = process.env): Config {
  const { values, faults } = readSettings(env)
  const known = new Set(faults.map(({ name }) => name))
  const all = [...faults, ...faultsTogether(values).filter(({ name }) => !known.has(name))]
  if (all.length > 0) {
    const lines = all.map(({ name, reason }) => `  ${name} ${reason}`)
    throw new PromotionError('CONFIG_INVALID', ['the settings do not stand:', ...lines].join('\n'))
  }
  return freeze({ ...assemble(values), temporal: temporalOf(values, env) })
}

function example(name: string): string {
  return join(checkoutRoot(), 'examples', name)
}

function assemble(values: Settings): Omit<Config, 'temporal'> {
  const { COUNTERSIGN_HOME: home, COUNTERSIGN_PORT: port } = values
  return {
    home,
    development: values.COUNTERSIGN_DEVELOPMENT,
    host: values.COUNTERSIGN_HOST,
    port,
    publicOrigin: values.COUNTERSIGN_PUBLIC_ORIGIN ?? `http://localhost:${port}`,
    recorderPort: values.COUNTERSIGN_RECORDER_PORT,
    recorderUrl:
      values.COUNTERSIGN_RECORDER_URL ?? `http://127.0.0.1:${values.COUNTERSIGN_RECORDER_PORT}`,
    identityPort: values.COUNTERSIGN_IDENTITY_PORT,
    oidc: {
      issuer:
        values.COUNTERSIGN_OIDC_ISSUER ?? `http://localhost:${values.COUNTERSIGN_IDENTITY_PORT}`,
      audience: values.COUNTERSIGN_OIDC_AUDIENCE,
      algorithms: values.COUNTERSIGN_OIDC_ALGORITHMS,
    },
    governance: values.COUNTERSIGN_GOVERNANCE ?? example('governance'),
    evaluationSets: values.COUNTERSIGN_EVALUATION_SETS ?? example('evaluation-sets'),
    registry: values.COUNTERSIGN_REGISTRY ?? join(home, 'registry'),
    registryTokenFile: values.COUNTERSIGN_REGISTRY_TOKEN_FILE ?? null,
    ...durationsOf(values),
  }
}

function durationsOf(values: Settings) {
  return {
    checkTimeouts: {
      startToCloseMs: {
        provenance: values.COUNTERSIGN_PROVENANCE_SECONDS * 1000,
        scan: values.COUNTERSIGN_SCAN_SECONDS * 1000,
        evaluation: values.COUNTERSIGN_EVALUATION_SECONDS * 1000,
      },
      heartbeatMs: values.COUNTERSIGN_HEARTBEAT_SECONDS * 1000,
    },
    observeAliasMs: values.COUNTERSIGN_OBSERVE_ALIAS_SECONDS * 1000,
    snapshotKeepDays: values.COUNTERSIGN_SNAPSHOT_KEEP_DAYS,
  }
}

/** Only what was set on purpose for this process counts: a profile file that merely exists leads nobody to another cluster. */
const clusterSettings = /^TEMPORAL_(ADDRESS|API_KEY|PROFILE|CONFIG_FILE|TLS.*|GRPC_META_.*)$/

function temporalOf(values: Settings, env: Env): TemporalConfig {
  const isGiven = Object.keys(env).some((name) => clusterSettings.test(name) && env[name])
  if (isGiven) return { kind: 'existing' }
  const port = values.COUNTERSIGN_TEMPORAL_PORT
  return {
    kind: 'embedded',
    address: `127.0.0.1:${port}`,
    port,
    uiPort: values.COUNTERSIGN_TEMPORAL_UI_PORT,
    namespace: values.TEMPORAL_NAMESPACE ?? 'default',
  }
}

function freeze<T extends object>(value: T): T {
  const inners: readonly unknown[] = Object.values(value)
  for (const inner of inners) {
    if (typeof inner === 'object' && inner !== null) freeze(inner)
  }
  return Object.freeze(value)
}
