import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  check,
  contextOf,
  ids,
  pairOn,
  signedFiles,
  signedStatement,
  statementOf,
  withResources,
} from './bundles.js'

const pair = pairOn('P-256')
const files = { 'model.bin': '0123456789', 'a:b': 'xyz' }

function shard(path: string, start: number, end: number, text: string) {
  const digest = createHash('sha256').update(text.slice(start, end)).digest('hex')
  return { name: `${path}:${start}:${end}`, algorithm: 'sha256', digest }
}

const whole = [
  shard('a:b', 0, 3, 'xyz'),
  shard('model.bin', 0, 4, '0123456789'),
  shard('model.bin', 4, 8, '0123456789'),
  shard('model.bin', 8, 10, '0123456789'),
]

async function idsOf(
  shards: typeof whole,
  present: { readonly [path: string]: string } = files,
  size = 4,
) {
  const statement = withResources(statementOf(present), shards)
  Object.assign(statement.predicate.serialization, { method: 'shards', shard_size: size })
  return ids(await check(signedFiles(signedStatement(statement, pair), present), contextOf(pair)))
}

test('a model signed by shards passes, with colons in a name', async () => {
  expect(await idsOf(whole)).toEqual([])
})

test.each([
  ['the last shard is missing', whole.slice(0, 3)],
  ['a shard in the middle is missing', [...whole.slice(0, 2), ...whole.slice(3)]],
  ['a shard ends behind the file', [...whole.slice(0, 3), shard('model.bin', 8, 12, '0123456789')]],
  ['two shards overlap', [...whole.slice(0, 3), shard('model.bin', 7, 10, '0123456789')]],
  [
    'a shard was made of other bytes',
    [...whole.slice(0, 3), shard('model.bin', 8, 10, '01234567XX')],
  ],
])('a file counts as changed where %s', async (_, shards) => {
  expect(await idsOf(shards)).toEqual(['provenance/changed-file:model.bin'])
})

test('shards of another size than said are a changed file', async () => {
  expect(await idsOf(whole, files, 5)).toEqual(['provenance/changed-file:model.bin'])
})

test('an empty file is not covered by shards and does not ride along', async () => {
  expect(await idsOf(whole, { ...files, empty: '' })).toEqual(['provenance/extra-file:empty'])
})

test.each(['model.bin', 'model.bin:0', 'model.bin:4:0x8', 'model.bin:-1:4', 'model.bin:00:4'])(
  'a shard named %s is malformed',
  async (name) => {
    const odd = { name, algorithm: 'sha256', digest: 'a'.repeat(64) }
    expect(await idsOf([...whole, odd])).toEqual(['provenance/malformed-bundle:model.sig'])
  },
)
