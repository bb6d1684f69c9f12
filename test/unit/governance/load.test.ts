import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestOfJson } from '../../../src/domain/canonical.js'
import { isPromotionError } from '../../../src/domain/errors.js'
import { policyFor, rulesFor } from '../../../src/domain/policy.js'
import { loadGovernance } from '../../../governance/load.js'
import { evaluationSetPath, personKeys, signersOf } from '../../../governance/sets.js'
import { edit, exampleSet, seal } from './folder.js'

async function refusal(folder: string): Promise<string> {
  try {
    await loadGovernance(folder)
  } catch (error) {
    if (isPromotionError(error) && error.code === 'GOVERNANCE_INVALID') return error.message
    throw error
  }
  return 'loaded'
}

describe('a folder that is not what its head says is refused', () => {
  test('a file that was changed is named, with the digest that it has now', async () => {
    const folder = exampleSet()
    edit(folder, 'owners.yaml', 'Bo Lindqvist', 'Bob Lindqvist')
    expect(await refusal(folder)).toMatch(
      /governance\.yaml:7:3: files\.owners\.yaml was changed: its digest is sha256:[0-9a-f]{64}; if that is meant, write it here and raise sequence$/,
    )
  })

  test('a missing, an unlisted and a misnamed file are each named', async () => {
    const folder = exampleSet()
    rmSync(join(folder, 'policies/ward.yaml'))
    writeFileSync(join(folder, 'policies/extra.yaml'), 'version: 1\n')
    writeFileSync(join(folder, 'policies/late.yml'), 'version: 1\n')
    const message = await refusal(folder)
    expect(message).toContain('files.policies/ward.yaml is listed, but is not in the folder')
    expect(message).toContain(
      'policies/extra.yaml: lies in the folder, but governance.yaml does not',
    )
    expect(message).toContain('policies/late.yml: lies in the folder')
  })

  test('a file with an ending that nobody reads cannot be slipped in by listing it', async () => {
    const folder = exampleSet()
    writeFileSync(join(folder, 'policies/late.yml'), 'version: 1\n')
    seal(folder)
    expect(await refusal(folder)).toContain('is neither owners.yaml, policies/*.yaml nor keys/*')
  })

  test('a private key', async () => {
    const folder = exampleSet()
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    writeFileSync(join(folder, 'keys/bo.pub'), pem)
    seal(folder)
    const message = await refusal(folder)
    expect(message).toContain('keys/bo.pub: holds a private key: take it out')
    expect(message).not.toContain(String(pem).split('\n')[1])
  })

  test('a key of a kind that signs nothing here', async () => {
    const folder = exampleSet()
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(join(folder, 'keys/bo.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
    seal(folder)
    expect(await refusal(folder)).toContain('keys/bo.pub: is not one public key in PEM')
  })

  test('a link out of the folder', async () => {
    const folder = exampleSet()
    rmSync(join(folder, 'policies/ward.yaml'))
    symlinkSync('/etc/hostname', join(folder, 'policies/ward.yaml'))
    expect(await refusal(folder)).toContain('policies/ward.yaml: is neither a plain file')
  })

  test('a file of more than 1 MiB is not even read', async () => {
    const folder = exampleSet()
    writeFileSync(join(folder, 'owners.yaml'), `# ${'x'.repeat(1024 * 1024)}\n`)
    expect(await refusal(folder)).toContain('owners.yaml: is larger than 1048576 bytes')
  })

  test('a folder that is not there', async () => {
    expect(await refusal('/nowhere/at/all')).toContain('cannot be read as a folder (ENOENT)')
  })
})

describe('a set whose parts do not fit together is refused, with the line', () => {
  test.each([
    [
      'owners.yaml',
      'email: bo@example.test',
      'email: ANA@example.test',
      'people.2.email is that of per_b04d6f31 as well',
    ],
    [
      'owners.yaml',
      'subject: bo',
      'subject: ana',
      'people.2.subject is that of per_b04d6f31 as well',
    ],
    ['owners.yaml', 'subject: ci', 'subject: ana', 'machines.0.subject is that of per_b04d6f31'],
    [
      'owners.yaml',
      'id: per_41f8d3b6',
      'id: per_b04d6f31',
      'owners.yaml:23:5: people.3.id is that of',
    ],
    ['owners.yaml', 'id: mac_8a35e1f0', 'id: per_8a35e1f0', 'machines.0.id begins with mac_'],
    [
      'owners.yaml',
      'sponsor: per_7c1e90a2',
      'sponsor: per_00000000',
      'machines.0.sponsor names person "per_00000000"',
    ],
    [
      'owners.yaml',
      'members: [per_b04d6f31, per_41f8d3b6]',
      'members: [per_b04d6f31, per_b04d6f31]',
      'teams.0.members.1 names per_b04d6f31 a second time',
    ],
    [
      'owners.yaml',
      'members: [per_f53960dc]',
      'members: [mac_8a35e1f0]',
      'teams.2.members.0 names person "mac_8a35e1f0"',
    ],
    [
      'owners.yaml',
      'id: clinical-safety',
      'id: model-risk',
      'teams.1.id is "model-risk" for a second time',
    ],
    [
      'owners.yaml',
      'backup: clinical-safety',
      'backup: model-risk',
      'teams.0.backup names the team itself',
    ],
    [
      'owners.yaml',
      'backup: clinical-safety',
      'backup: nobody',
      'teams.0.backup names team "nobody"',
    ],
    [
      'owners.yaml',
      'team: platform',
      'team: nobody',
      'team names team "nobody", which is not in the set',
    ],
    [
      'owners.yaml',
      'keys: [keys/bo.pub]',
      'keys: [keys/none.pub]',
      'people.2.keys.0 names "keys/none.pub", which is no key',
    ],
    [
      'owners.yaml',
      'keys: [keys/bo.pub]',
      'keys: [keys/training-pipeline.pub]',
      'signers.0.file is a key of per_e92a57c8: no two may share',
    ],
    [
      'governance.yaml',
      'person: per_7c1e90a2',
      'person: per_00000000',
      'signers.0.person names person',
    ],
    [
      'governance.yaml',
      'id: diabetes-held-out',
      'id: diabetes-open',
      'evaluationSets.1.id is "diabetes-open" for a second time',
    ],
    [
      'governance.yaml',
      'owner: model-risk',
      'owner: nobody',
      'evaluationSets.0.owner names team "nobody"',
    ],
    [
      'policies/diabetes.yaml',
      'signers: [training-pipeline]',
      'signers: [other]',
      'policies/diabetes.yaml:11:15: checks.provenance.signers.0 names signer "other"',
    ],
    [
      'policies/diabetes.yaml',
      'set: diabetes-held-out',
      'set: other',
      'checks.evaluation.set names evaluation set "other"',
    ],
    [
      'policies/diabetes.yaml',
      'openSet: diabetes-open',
      'openSet: diabetes-held-out',
      'openSet names "diabetes-held-out", which is held out',
    ],
    [
      'policies/diabetes.yaml',
      'teams: [clinical-safety]',
      'teams: [nobody]',
      'seats.1.teams.0 names team "nobody"',
    ],
    [
      'policies/diabetes.yaml',
      'id: clinical-safety',
      'id: model-risk',
      'seats.1.id is "model-risk" for a second time',
    ],
    [
      'policies/diabetes.yaml',
      'id: diabetes\n',
      'id: ward\n',
      'id is "ward", as in policies/diabetes.yaml',
    ],
    [
      'policies/diabetes.yaml',
      'ceiling: inert',
      'ceiling: all',
      'checks.scan.ceiling is "all"; expected: one of inert, weights-only, known-library',
    ],
    [
      'policies/diabetes.yaml',
      'decide: 14 days',
      'decide: fortnight',
      'clocks.decide is "fortnight"; expected: a duration such as 14 days',
    ],
    ['policies/diabetes.yaml', 'tier: high', 'teir: high', 'teir is no field that is known here'],
    ['policies/diabetes.yaml', 'tier: high', 'teir: high', 'tier is missing: string was expected'],
    [
      'policies/diabetes.yaml',
      'threshold: 0.5',
      'threshold: half',
      'checks.evaluation.threshold is "half"; expected: number',
    ],
    ['owners.yaml', 'name: Bo Lindqvist', 'name: "Bo \\u202e"', 'people.2.name'],
  ])('%s with %s → %s', async (file, from, to, expected) => {
    const folder = exampleSet()
    edit(folder, file, from, to)
    seal(folder)
    expect(await refusal(folder)).toContain(expected)
  })

  test('every fault of all files is told in one message', async () => {
    const folder = exampleSet()
    edit(folder, 'owners.yaml', 'scopes: [request]', 'scopes: [everything]')
    edit(folder, 'policies/ward.yaml', 'ceiling: inert', 'ceiling: all')
    edit(folder, 'governance.yaml', 'risk: low', 'risk: LOW')
    const message = await refusal(folder)
    for (const file of ['owners.yaml', 'policies/ward.yaml', 'governance.yaml']) {
      expect(message).toContain(`\n  ${file}:`)
    }
  })
})

describe('the example set', () => {
  test('loads, and its digest is that of its head', async () => {
    const { set, keys } = await loadGovernance('examples/governance')
    expect(set.digest).toBe(digestOfJson(set.head))
    expect(set.policies.map(({ id }) => id)).toEqual(['diabetes', 'ward'])
    expect([...keys.keys()]).toEqual(['keys/bo.pub', 'keys/training-pipeline.pub'])
    const policy = policyFor(set, 'diabetes-risk', 'production')
    expect(rulesFor(set, policy).seats.map(({ id }) => id)).toEqual([
      'model-risk',
      'clinical-safety',
    ])
  })

  test('any change to any file changes its digest', async () => {
    const before = (await loadGovernance('examples/governance')).set.digest
    const folder = exampleSet()
    edit(folder, 'policies/ward.yaml', 'accuracy: { atLeast: 0.6 }', 'accuracy: { atLeast: 0.61 }')
    seal(folder)
    expect((await loadGovernance(folder)).set.digest).not.toBe(before)
  })

  test('the same set elsewhere has the same digest', async () => {
    const folder = exampleSet()
    const other = join(folder, '..', `${folder.split('/').at(-1)}-b`)
    mkdirSync(other)
    cpSync(folder, other, { recursive: true })
    const [one, two] = [await loadGovernance(folder), await loadGovernance(other)]
    rmSync(other, { recursive: true })
    expect(two.set.digest).toBe(one.set.digest)
  })

  test('its signers, people and sets are found with their keys', async () => {
    const { set, keys } = await loadGovernance('examples/governance')
    const signers = signersOf(set, keys, { signers: ['training-pipeline'], requireLineage: false })
    expect(signers).toMatchObject([{ id: 'training-pipeline', person: 'per_7c1e90a2' }])
    expect(signersOf(set, keys, { signers: ['other'], requireLineage: false })).toEqual([])
    expect(personKeys(set, keys, 'per_e92a57c8')).toHaveLength(1)
    expect(personKeys(set, keys, 'per_b04d6f31')).toEqual([])
    expect(personKeys(set, keys, 'per_00000000')).toEqual([])
    const [open] = set.head.evaluationSets
    if (!open) throw new Error('no evaluation set')
    expect(evaluationSetPath('/sets', open)).toBe('/sets/diabetes-open-synthetic.csv')
  })
})
