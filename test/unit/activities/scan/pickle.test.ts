import { expect, test } from 'vitest'
import { createByteSource } from '../../../../activities/scan/byte-source.js'
import { walkPickle } from '../../../../activities/scan/formats/pickle.js'
import { memoryFiles, quietRun, type Content } from './builders.js'
import { scanAll, verdictOf } from './scan-of.js'

/** `{'a': [1, X]}` where loading X calls os.getcwd, as CPython 3.11 writes it in protocols 0 to 5. */
const callsGetcwd = [
  'KGRwMApWYQpwMQoobHAyCkkxCmFjcG9zaXgKZ2V0Y3dkCnAzCih0UnA0CmFzLg==',
  'fXEAWAEAAABhcQFdcQIoSwFjcG9zaXgKZ2V0Y3dkCnEDKVJxBGVzLg==',
  'gAJ9cQBYAQAAAGFxAV1xAihLAWNwb3NpeApnZXRjd2QKcQMpUnEEZXMu',
  'gAN9cQBYAQAAAGFxAV1xAihLAWNwb3NpeApnZXRjd2QKcQMpUnEEZXMu',
  'gASVJAAAAAAAAAB9lIwBYZRdlChLAYwFcG9zaXiUjAZnZXRjd2SUk5QpUpRlcy4=',
  'gAWVJAAAAAAAAAB9lIwBYZRdlChLAYwFcG9zaXiUjAZnZXRjd2SUk5QpUpRlcy4=',
]
/** An OrderedDict, in protocols 0 to 5. */
const orderedDict = [
  'Y2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnAwCih0UnAxClZhCnAyCkkxCnMu',
  'Y2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnEAKVJxAVgBAAAAYXECSwFzLg==',
  'gAJjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQApUnEBWAEAAABhcQJLAXMu',
  'gANjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQApUnEBWAEAAABhcQJLAXMu',
  'gASVKQAAAAAAAACMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpSMAWGUSwFzLg==',
  'gAWVKQAAAAAAAACMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpSMAWGUSwFzLg==',
]

function decoded(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

async function importsOf(content: Content): Promise<readonly string[]> {
  const files = memoryFiles({ a: content })
  const [entry] = files.manifest
  if (!entry) throw new Error('no file')
  const source = createByteSource(files, entry, quietRun().signal, () => undefined)
  return (await walkPickle(source)).imports
}

test.each(callsGetcwd.map((text, protocol) => [protocol, decoded(text)] as const))(
  'a pickle of protocol %i that calls os.getcwd is malicious, and nobody can waive it',
  async (_, bytes) => {
    expect(await importsOf(bytes)).toEqual([expect.stringMatching(/^(os|posix)\.getcwd$/)])
    for (const path of ['model.pkl', 'notes.txt', 'model.safetensors', 'MLmodel']) {
      const { answer, files } = await scanAll({ [path]: bytes })
      expect(files[0]).toMatchObject({ format: 'pickle', class: 'malicious' })
      expect(answer.findings).toMatchObject([{ id: `scan/pickle:${path}`, waivable: false }])
      expect(answer.outcome).toBe('failed')
    }
  },
)

test.each(orderedDict.map((text, protocol) => [protocol, decoded(text)] as const))(
  'a harmless pickle of protocol %i is refused all the same, with what it imports',
  async (_, bytes) => {
    expect(await importsOf(bytes)).toEqual(['collections.OrderedDict'])
    expect(await verdictOf(bytes, 'model.json')).toBe('pickle/refused')
  },
)

test.each([
  ['an import before an error', 'cos\nsystem\n\u0001'],
  ['an import before the end of the file', 'cos\nsystem\n(S"id"\ntR'],
  ['INST', '(S"id"\nios\nsystem\n.'],
  ['OBJ', '(cos\nsystem\nS"id"\no.'],
  ['a second pickle behind a first', 'N.cos\nsystem\n.'],
  [
    'names from the memo',
    Buffer.from(
      '8004 8c026f73 94 8c0673797374656d 94 30 30 6800 6801 93 2e'.replaceAll(' ', ''),
      'hex',
    ),
  ],
  [
    'a name stored from the top of the stack, not from the last argument',
    Buffer.from(
      '8004 8c026f73 4e 30 7105 30 8c0673797374656d 6805 8c0673797374656d 93 2e'.replaceAll(
        ' ',
        '',
      ),
      'hex',
    ),
  ],
  ['a result that is thrown away', 'cos\nsystem\n(S"id"\ntR0N.'],
  ['builtins', 'cbuiltins\neval\n.'],
  ['the builtins of Python 2', 'c__builtin__\nexec\n.'],
])('%s is found', async (_, bytes) => {
  expect(await verdictOf(bytes, 'readme.txt')).toBe('pickle/malicious')
})

test.each([
  ['a length beyond the file', Buffer.from([0x80, 4, 0x8d, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f])],
  ['a stack without end', Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(2_000_000, 0x4e)])],
  ['nothing but a protocol', Buffer.from([0x80, 4])],
])('%s neither hangs nor passes', async (_, bytes) => {
  expect(await verdictOf(bytes)).toBe('pickle/refused')
})
