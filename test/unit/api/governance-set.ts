import type { GovernanceSet } from '../../../src/domain/policy.js'
import type { OwnersFile, PolicyFile } from '../../../src/schema/governance.js'

export const people = {
  mira: 'per_mira0001',
  ana: 'per_ana00001',
  bo: 'per_bo000001',
  chi: 'per_chi00001',
  eli: 'per_eli00001',
  gus: 'per_gus00001',
  zed: 'per_zed00001',
  ci: 'mac_ci000001',
} as const

export type Name = keyof typeof people

const person = (
  subject: Exclude<Name, 'ci'>,
  name: string,
  scopes: OwnersFile['people'][number]['scopes'],
): OwnersFile['people'][number] => ({
  id: people[subject],
  name,
  email: `${subject}@example.test`,
  issuer: 'development',
  subject,
  scopes,
  keys: [],
})

const policy = (id: string, models: string[], seats: PolicyFile['seats']): PolicyFile => ({
  version: 1,
  id,
  match: { models, environments: ['production'] },
  tier: seats.length > 0 ? 'high' : 'low',
  checks: { scan: { ceiling: 'inert', maxFileBytes: 1_000_000 } },
  seats,
  waivers: { teams: ['model-risk'], longest: '30 days' },
  clocks: { decide: '14 days', use: '2 days', mendWithin: '7 days', approvalHolds: '90 days' },
  limits: { reruns: 1 },
})

const seat = (id: string, teams: string[]): PolicyFile['seats'][number] => ({
  id,
  teams,
  teamsNeeded: 'any',
  quorum: 1,
  level: 'authenticated',
})

const seats = [seat('model-risk', ['model-risk']), seat('safety', ['safety'])]

/** Two seats for diabetes-*, none for ward-*; twice-* has two policies, orphan-* nobody who owns it, lonely-* a seat that none may fill. */
export const governanceSet: GovernanceSet = {
  digest: `sha256:${'9'.repeat(64)}`,
  sequence: 1,
  head: { version: 1, sequence: 1, files: {}, models: [], signers: [], evaluationSets: [] },
  owners: {
    version: 1,
    people: [
      person('mira', 'Mira Castellan', ['request']),
      person('ana', 'Ana Duarte', ['sign']),
      person('bo', 'Bo Lindqvist', ['sign']),
      person('chi', 'Chi Nakamura', ['sign', 'audit']),
      person('eli', 'Eli Moreau', ['audit']),
      person('gus', 'Gus Okafor', ['operate', 'govern']),
      person('zed', 'Zed Nobody', ['sign', 'request']),
    ],
    machines: [{ id: people.ci, issuer: 'development', subject: 'ci', sponsor: people.mira }],
    teams: [
      { id: 'model-risk', name: 'Model risk', members: [people.ana, people.chi], backup: null },
      { id: 'safety', name: 'Safety', members: [people.bo], backup: null },
      { id: 'platform', name: 'Platform', members: [people.gus], backup: null },
      { id: 'makers', name: 'Makers', members: [people.mira], backup: null },
    ],
    owns: [
      {
        models: ['diabetes-*', 'ward-*', 'twice-*', 'lonely-*'],
        stage: 'release',
        concern: 'risk',
        team: 'model-risk',
      },
    ],
  },
  policies: [
    policy('diabetes', ['diabetes-*'], seats),
    policy('ward', ['ward-*'], []),
    policy('twice-a', ['twice-*'], []),
    policy('twice-b', ['twice-*'], []),
    policy('orphan', ['orphan-*'], []),
    policy('lonely', ['lonely-*'], [seat('makers', ['makers'])]),
  ],
}
