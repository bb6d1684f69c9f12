import { isLoopbackHost } from './loopback.js'
import type { Fault, SettingName, Settings } from './settings.js'

const needed: readonly SettingName[] = [
  'COUNTERSIGN_OIDC_ISSUER',
  'COUNTERSIGN_GOVERNANCE',
  'COUNTERSIGN_EVALUATION_SETS',
  'COUNTERSIGN_REGISTRY',
]

const ports: readonly SettingName[] = [
  'COUNTERSIGN_PORT',
  'COUNTERSIGN_RECORDER_PORT',
  'COUNTERSIGN_IDENTITY_PORT',
  'COUNTERSIGN_TEMPORAL_PORT',
  'COUNTERSIGN_TEMPORAL_UI_PORT',
]

/** Addresses that development identity must not reach past this machine. */
const local: readonly SettingName[] = [
  'COUNTERSIGN_PUBLIC_ORIGIN',
  'COUNTERSIGN_RECORDER_URL',
  'COUNTERSIGN_OIDC_ISSUER',
  'COUNTERSIGN_REGISTRY',
]

/** What is wrong with settings that are each well formed but do not go together. */
export function faultsTogether(values: Settings): readonly Fault[] {
  return [
    ...(values.COUNTERSIGN_DEVELOPMENT ? developmentFaults(values) : missingFaults(values)),
    ...originFaults(values),
    ...issuerFaults(values),
    ...portFaults(values),
  ]
}

/** True for a registry in a folder, or one whose server no other machine can reach. */
export function isLocalAddress(address: string): boolean {
  if (!address.includes('://')) return true
  return isLoopbackHost(new URL(address.replace(/^mlflow\+/, '')).hostname)
}

function developmentFaults(values: Settings): readonly Fault[] {
  const reason = 'must be on this machine (loopback) while COUNTERSIGN_DEVELOPMENT is 1'
  const far = local.filter((name) => {
    const address = values[name]
    return typeof address === 'string' && !isLocalAddress(address)
  })
  const faults = far.map((name) => ({ name, reason }))
  if (isLoopbackHost(values.COUNTERSIGN_HOST)) return faults
  return [{ name: 'COUNTERSIGN_HOST', reason }, ...faults]
}

function missingFaults(values: Settings): readonly Fault[] {
  return needed
    .filter((name) => values[name] === undefined)
    .map((name) => ({ name, reason: 'is needed unless COUNTERSIGN_DEVELOPMENT is 1' }))
}

function originFaults(values: Settings): readonly Fault[] {
  if (values.COUNTERSIGN_PUBLIC_ORIGIN !== undefined) return []
  if (isLoopbackHost(values.COUNTERSIGN_HOST)) return []
  const reason = 'is needed when COUNTERSIGN_HOST is not on loopback: where do people reach it?'
  return [{ name: 'COUNTERSIGN_PUBLIC_ORIGIN', reason }]
}

function issuerFaults(values: Settings): readonly Fault[] {
  const issuer = values.COUNTERSIGN_OIDC_ISSUER
  if (issuer === undefined || !issuer.startsWith('http:')) return []
  if (values.COUNTERSIGN_OIDC_ALLOW_HTTP || isLocalAddress(issuer)) return []
  const reason =
    'must be https, or set COUNTERSIGN_OIDC_ALLOW_HTTP to 1 where nobody can read the network'
  return [{ name: 'COUNTERSIGN_OIDC_ISSUER', reason }]
}

function portFaults(values: Settings): readonly Fault[] {
  return ports.flatMap((name, index) => {
    const other = ports.slice(0, index).find((earlier) => values[earlier] === values[name])
    return other === undefined ? [] : [{ name, reason: `must differ from ${other}` }]
  })
}
