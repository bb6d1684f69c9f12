import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'

const empty = 'is empty: leave it out or give it a value'

const given = z.string().min(1, empty)

const path = given.transform((text) => resolve(text))

/** Decimal digits only: `0x10`, `1e3` and blanks are mistakes, not numbers. */
function whole(min: number, max: number, unit: string) {
  const message = `must be a whole number from ${min} to ${max} (${unit})`
  return given
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
}

const port = (fallback: number) => whole(1, 65_535, 'a port').default(fallback)

const seconds = (fallback: number, max: number) => whole(1, max, 'seconds').default(fallback)

const host = given
  .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'must be a host name or an IP address, without a port')
  .default('127.0.0.1')

const flag = z
  .enum(['0', '1'], 'must be 0 or 1')
  .transform((value) => value === '1')
  .default(false)

function parsesAs(text: string, protocols: readonly string[]): URL | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return bare && url.hostname !== '' && protocols.includes(url.protocol) ? url : null
}

/** No credentials in an address: it ends up in logs and process lists. */
const httpUrl = given
  .refine(
    (text) => parsesAs(text, ['http:', 'https:']) !== null,
    'must be an http or https address without user, password, query or fragment',
  )
  .transform((text) => text.replace(/\/+$/, ''))

const origin = httpUrl.refine(
  (text) => URL.canParse(text) && new URL(text).origin === text,
  'must be an origin alone, like http://localhost:8411, without a path',
)

const registryProtocols = ['mlflow+http:', 'mlflow+https:']

const registry = given.transform((text, context) => {
  if (!/^[a-z][a-z0-9+.-]+:/i.test(text)) return resolve(text)
  if (parsesAs(text.replace(/^mlflow\+/, ''), ['http:', 'https:']) && text.startsWith('mlflow+')) {
    return text.replace(/\/+$/, '')
  }
  const known = registryProtocols.map((protocol) => `${protocol}//HOST:PORT`).join(' or ')
  context.addIssue(`must be a folder, or ${known} without user, password, query or fragment`)
  return z.NEVER
})

const asymmetric = /^(ES(256|384|512)|RS(256|384|512)|PS(256|384|512)|EdDSA|Ed25519)$/

const algorithms = given
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine(
    (names) => names.every((name) => asymmetric.test(name)),
    'must be a list of asymmetric signature algorithms, like ES256,RS256',
  )
  .default(['ES256', 'RS256'])

const namespace = given
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be a namespace name')
  .optional()

const secretFile = path.refine((text) => isAbsolute(text)).optional()

/** Every setting by the name of its environment variable. Each has a default or may be absent; what is needed together is checked after. */
export const settings = z.object({
  COUNTERSIGN_HOME: path.prefault('.countersign'),
  COUNTERSIGN_DEVELOPMENT: flag,
  COUNTERSIGN_HOST: host,
  COUNTERSIGN_PORT: port(8411),
  COUNTERSIGN_PUBLIC_ORIGIN: origin.optional(),
  COUNTERSIGN_RECORDER_PORT: port(8412),
  COUNTERSIGN_RECORDER_URL: httpUrl.optional(),
  COUNTERSIGN_IDENTITY_PORT: port(8413),
  COUNTERSIGN_OIDC_ISSUER: httpUrl.optional(),
  COUNTERSIGN_OIDC_AUDIENCE: given
    .max(200, 'must be at most 200 characters')
    .default('countersign'),
  COUNTERSIGN_OIDC_ALGORITHMS: algorithms,
  COUNTERSIGN_OIDC_ALLOW_HTTP: flag,
  COUNTERSIGN_GOVERNANCE: path.optional(),
  COUNTERSIGN_EVALUATION_SETS: path.optional(),
  COUNTERSIGN_REGISTRY: registry.optional(),
  COUNTERSIGN_REGISTRY_TOKEN_FILE: secretFile,
  COUNTERSIGN_TEMPORAL_PORT: port(8414),
  COUNTERSIGN_TEMPORAL_UI_PORT: port(8415),
  COUNTERSIGN_PROVENANCE_SECONDS: seconds(600, 86_400),
  COUNTERSIGN_SCAN_SECONDS: seconds(1_800, 86_400),
  COUNTERSIGN_EVALUATION_SECONDS: seconds(3_600, 86_400),
  COUNTERSIGN_HEARTBEAT_SECONDS: seconds(10, 600),
  COUNTERSIGN_OBSERVE_ALIAS_SECONDS: seconds(30, 3_600),
  COUNTERSIGN_SNAPSHOT_KEEP_DAYS: whole(0, 36_500, 'days').default(7),
  TEMPORAL_NAMESPACE: namespace,
})

export type Settings = z.output<typeof settings>
export type SettingName = keyof Settings

/** A setting that cannot stand, and why. Never its value: a value may be a secret in the wrong place. */
export interface Fault {
  readonly name: string
  readonly reason: string
}

/** The environment, and whichever settings could be read from it; a malformed one counts as absent only to find the other faults. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): {
  readonly values: Settings
  readonly faults: readonly Fault[]
} {
  const names = Object.keys(settings.shape)
  const known = Object.fromEntries(names.map((name) => [name, env[name]]))
  const read = settings.safeParse(known)
  if (read.success) return { values: read.data, faults: [] }
  const reasons = new Map<string, string>()
  for (const issue of read.error.issues) {
    const name = String(issue.path[0])
    if (!reasons.has(name)) reasons.set(name, issue.message)
  }
  const sound = Object.fromEntries(Object.entries(known).filter(([name]) => !reasons.has(name)))
  const faults = [...reasons].map(([name, reason]) => ({ name, reason }))
  return { values: settings.parse(sound), faults }
}
