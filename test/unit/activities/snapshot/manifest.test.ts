import { createHash } from 'node:crypto'
import { array, assert, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import {
  differenceOf,
  snapshotOf,
  sortedByPathBytes,
} from '../../../../activities/snapshot/manifest.js'

const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const file = (path: string, text = path) => ({ path, size: text.length, sha256: sha(text) })

test.each([
  ['nothing', []],
  ['a signature alone', [file('model.sig')]],
  ['a path that leaves', [file('../x')]],
  ['an absolute path', [file('/x')]],
  ['the same path twice', [file('x'), file('x')]],
  ['paths that differ in case', [file('x'), file('X')]],
])('a snapshot of %s is refused', (_, files) => {
  const refused = expect.objectContaining({ code: 'SNAPSHOT_REFUSED' }) as Error
  expect(() => snapshotOf(files)).toThrow(refused)
})

test.each([
  { path: 'x', size: -1, sha256: sha('') },
  { path: 'x', size: 0.5, sha256: sha('') },
  { path: 'x', size: 1, sha256: 'sha256:00' },
  { path: 'x', size: 1, sha256: sha('').toUpperCase() },
])('a file without a true size and digest is a bug: %j', (broken) => {
  expect(() => snapshotOf([broken])).toThrow(TypeError)
})

test('the order of paths is the order of their bytes, whatever they hold and however they come', () => {
  const name = string({ unit: 'binary', minLength: 1, maxLength: 12 })
  assert(
    property(array(name), (names) => {
      const sorted = sortedByPathBytes(names.map((path) => ({ path })))
      const bytes = names.map((text) => Buffer.from(text, 'utf8')).toSorted(Buffer.compare)
      expect(sorted.map(({ path }) => path)).toEqual(bytes.map((one) => one.toString('utf8')))
    }),
    { numRuns: 2000 },
  )
})

test('characters beyond the first plane sort after those before, unlike in JavaScript', () => {
  const paths = ['\u{1f600}', '\uff41'].map((path) => ({ path }))
  expect(sortedByPathBytes(paths).map(({ path }) => path)).toEqual(['\uff41', '\u{1f600}'])
  expect(['\u{1f600}', '\uff41'].toSorted()).toEqual(['\u{1f600}', '\uff41'])
})

test('the model digest is that of the canonical list, written down once for all', () => {
  const { modelDigest, manifest, files, sizeBytes } = snapshotOf([file('b', 'two'), file('a', '')])
  const text = `[{"path":"a","sha256":"${sha('')}","size":0},{"path":"b","sha256":"${sha('two')}","size":3}]`
  expect(modelDigest).toBe(`sha256:${sha(text)}`)
  expect({ files, sizeBytes, paths: manifest.map(({ path }) => path) }).toEqual({
    files: 2,
    sizeBytes: 3,
    paths: ['a', 'b'],
  })
})

test('the digest does not depend on the order, and changes with every byte, size and name', () => {
  const one = snapshotOf([file('a'), file('b')])
  expect(snapshotOf([file('b'), file('a')])).toEqual(one)
  const others = [[file('a'), file('b', 'c')], [file('a'), file('c', 'b')], [file('a')]]
  for (const other of others) expect(snapshotOf(other).modelDigest).not.toBe(one.modelDigest)
})

test('a signature in the root is kept beside the digest, one in a folder is under it', () => {
  const bare = snapshotOf([file('a')])
  const signed = snapshotOf([file('a'), file('model.sig', 'signature')])
  expect(bare.signatureDigest).toBeNull()
  expect(signed).toEqual({ ...bare, signatureDigest: `sha256:${sha('signature')}` })
  expect(snapshotOf([file('a'), file('b/model.sig')]).modelDigest).not.toBe(bare.modelDigest)
})

test.each([
  ['nothing', [file('a')], [file('a')], null],
  ['a file', [file('a'), file('b')], [file('a'), file('b', 'other')], 'b'],
  ['a file that went', [file('a'), file('b')], [file('a')], 'b'],
  ['a file that came', [file('a')], [file('a'), file('b')], 'b'],
  ['the signature', [file('a')], [file('a'), file('model.sig')], 'model.sig'],
])('where %s changed, the difference names it', (_, before, after, expected) => {
  expect(differenceOf(snapshotOf(before), snapshotOf(after))).toBe(expected)
})
