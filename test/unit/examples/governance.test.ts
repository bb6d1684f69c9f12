import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { examples, filesBelow, governance, head, hexOf, owners, policies } from './tree.js'

// Where a digest here does not agree: `python3 examples/seal.py` writes them.
describe('what the head of the governance set names', () => {
  test('is every other file of the folder, with its digest', () => {
    const there = filesBelow(governance)
      .filter((file) => file !== 'governance.yaml')
      .map((file) => [file, `sha256:${hexOf(join(governance, file))}`])
    expect(head().files).toEqual(Object.fromEntries(there))
  })

  test('is each evaluation set, with its digest, and each is called synthetic', () => {
    const sets = head().evaluationSets
    expect(sets.map((set) => set.id)).toEqual(['diabetes-open', 'diabetes-held-out'])
    for (const set of sets) {
      const digest = `sha256:${hexOf(join(examples, 'evaluation-sets', set.file))}`
      expect(set).toMatchObject({ digest, synthetic: true })
      expect(set.file).toContain('synthetic')
    }
  })

  test('is public keys only', () => {
    const files = [
      ...head().signers.map((signer) => signer.file),
      ...owners().people.flatMap((person) => person.keys),
    ]
    const kinds = files.map((file) => {
      const key = createPublicKey(readFileSync(join(governance, file)))
      return [file, key.asymmetricKeyType]
    })
    expect(kinds).toEqual([
      ['keys/training-pipeline.pub', 'ec'],
      ['keys/bo.pub', 'ed25519'],
    ])
    expect(filesBelow(join(governance, 'keys'))).toHaveLength(files.length)
  })
})

describe('people and teams', () => {
  test('whoever signed the models sits in no team that signs them off', () => {
    const signers = head().signers.map((signer) => signer.person)
    const seated = owners().teams.flatMap((team) => team.members)
    expect(signers).toHaveLength(1)
    expect(seated).not.toContain(signers[0])
  })

  test('nobody is named who does not exist, and no id tells who it is', () => {
    const { people, machines, teams } = owners()
    const ids = new Set(people.map((person) => person.id))
    const named = [
      ...teams.flatMap((team) => team.members),
      ...machines.map((machine) => machine.sponsor),
      ...head().signers.flatMap((signer) => signer.person ?? []),
    ]
    expect(named.filter((id) => !ids.has(id))).toEqual([])
    expect(ids.size).toBe(people.length)
    for (const person of people) {
      expect(person.id).toMatch(/^per_[0-9a-f]{8}$/)
      expect(person.email).toMatch(/@example\.test$/)
    }
  })

  test('every member of a team that fills a seat may sign', () => {
    const { people, teams } = owners()
    const seats = policies().flatMap((policy) => policy.seats)
    const seatTeams = new Set(seats.flatMap((seat) => seat.teams))
    const filling = teams.filter((team) => seatTeams.has(team.id))
    const members = new Set(filling.flatMap((team) => team.members))
    const eligible = people.filter((person) => members.has(person.id))
    expect(eligible).toHaveLength(4)
    expect(eligible.filter((person) => !person.scopes.includes('sign'))).toEqual([])
  })

  test('every team has a backup that exists and is another', () => {
    const { teams, owns } = owners()
    const ids = new Set(teams.map((team) => team.id))
    const alone = teams.filter((t) => !ids.has(t.backup ?? 'none') || t.backup === t.id)
    expect(alone).toEqual([])
    expect(owns.filter((line) => !ids.has(line.team))).toEqual([])
  })
})

describe('policies', () => {
  test('name only signers, sets and teams that the set holds', () => {
    const { signers, evaluationSets } = head()
    const known = {
      signers: signers.map((signer) => signer.id),
      sets: evaluationSets.map((set) => set.id),
      teams: owners().teams.map((team) => team.id),
    }
    for (const { checks, seats, waivers } of policies()) {
      expect(known.signers).toEqual(expect.arrayContaining(checks.provenance?.signers ?? ['none']))
      expect(known.sets).toContain(checks.evaluation?.set)
      expect(known.sets).toContain(checks.evaluation?.openSet)
      const teams = [...seats.flatMap((seat) => seat.teams), ...(waivers?.teams ?? [])]
      expect(known.teams).toEqual(expect.arrayContaining(teams))
    }
  })

  test('no model is scored by the sex of a person', () => {
    for (const { checks } of policies()) expect(checks.evaluation?.features).not.toContain('sex')
  })

  test('the high tier has two seats of different teams, the low tier none', () => {
    const seats = policies().map((policy) => [policy.tier, policy.seats.flatMap((s) => s.teams)])
    expect(seats).toEqual([
      ['high', ['model-risk', 'clinical-safety']],
      ['low', []],
    ])
  })
})
