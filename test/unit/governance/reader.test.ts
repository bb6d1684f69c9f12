import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { GovernanceInvalid } from '../../../governance/faults.js'
import { createGovernanceReader } from '../../../governance/reader.js'
import { edit, exampleSet, seal } from './folder.js'

function change(folder: string, sequence: { from: number; to: number }): void {
  edit(
    folder,
    'policies/ward.yaml',
    /brier: \{ atMost: 0\.\d+ \}/,
    `brier: { atMost: 0.${20 + sequence.to} }`,
  )
  if (sequence.to !== sequence.from) {
    edit(folder, 'governance.yaml', `sequence: ${sequence.from}`, `sequence: ${sequence.to}`)
  }
  seal(folder)
}

test('a sequence number smaller than one that was seen is refused, also after a newer set', async () => {
  const folder = exampleSet()
  edit(folder, 'governance.yaml', 'sequence: 1', 'sequence: 5')
  const reader = createGovernanceReader(folder)
  expect((await reader.current()).set.sequence).toBe(5)
  change(folder, { from: 5, to: 4 })
  await expect(reader.current()).rejects.toThrow('has sequence 4, but 5 was seen already')
  change(folder, { from: 4, to: 6 })
  expect((await reader.current()).set.sequence).toBe(6)
})

test('another set under the same number is refused', async () => {
  const folder = exampleSet()
  const reader = createGovernanceReader(folder)
  await reader.current()
  change(folder, { from: 1, to: 1 })
  await expect(reader.current()).rejects.toThrow('was changed, but its sequence is still 1')
})

test('what the log has seen binds a reader that was just started', async () => {
  const seen = { sequence: 9, digest: `sha256:${'0'.repeat(64)}` }
  const reader = createGovernanceReader(exampleSet(), seen)
  await expect(reader.current()).rejects.toThrow('has sequence 1, but 9 was seen already')
})

test('a set that became invalid is an error, never the one before it', async () => {
  const folder = exampleSet()
  const reader = createGovernanceReader(folder)
  await reader.current()
  edit(folder, 'owners.yaml', 'Bo Lindqvist', 'Bob Lindqvist')
  await expect(reader.current()).rejects.toMatchObject({ code: 'GOVERNANCE_INVALID' })
  await expect(reader.current()).rejects.toMatchObject({ code: 'GOVERNANCE_INVALID' })
  edit(folder, 'owners.yaml', 'Bob Lindqvist', 'Bo Lindqvist')
  expect((await reader.current()).set.sequence).toBe(1)
})

test('an untouched folder is not read again; a touched one is', async () => {
  const folder = exampleSet()
  const reader = createGovernanceReader(folder)
  const first = await reader.current()
  expect(await reader.current()).toBe(first)
  utimesSync(join(folder, 'owners.yaml'), 1, 1)
  const second = await reader.current()
  expect(second).not.toBe(first)
  expect(second.set.digest).toBe(first.set.digest)
})

test('what is wrong with the owners file is told by its place: names and addresses go into no history', async () => {
  const folder = exampleSet()
  edit(folder, 'owners.yaml', /email: .*/, 'email: Mira Secret of nowhere')
  edit(folder, 'owners.yaml', /name: .*/, 'Mira Secret: too')
  const told: unknown = await createGovernanceReader(folder)
    .current()
    .catch((error: unknown) => error)
  const { message, detail } = told instanceof GovernanceInvalid ? told : {}
  expect(message).toMatch(/owners\.yaml:\d+:\d+: is not as it must be: countersign owners lint/)
  expect(JSON.stringify({ message, detail })).not.toContain('Secret')
})
