import { expect, test } from 'vitest'
import { verdictClass } from '../../../../src/schema/governance.js'
import { goodSafetensors, nested, node, onnxOf, seeded, tensor, field } from './builders.js'
import { scanAll, verdictOf } from './scan-of.js'

const samples: readonly (readonly [string, Buffer])[] = [
  ['safetensors', goodSafetensors()],
  [
    'onnx',
    onnxOf({ nodes: [nested(2, node('Relu'))], tensors: [tensor(field(9, Buffer.alloc(8)))] }),
  ],
  [
    'pickle',
    Buffer.from(
      '80047d948c016194 5d94284b018c02 6f7394 8c06 676574637764 9493942952 94 65732e'.replaceAll(
        ' ',
        '',
      ),
      'hex',
    ),
  ],
  ['json', Buffer.from('{"a":[1,2.5,"x",null,true,{"b":"c"}],"d":"é"}')],
  ['yaml', Buffer.from('a: 1\nb:\n  - x\n  - "y: z"\nc: {d: null}\n')],
  ['npy', Buffer.from("\u0093NUMPY\u0001\u0000{'descr': '<f8'}", 'latin1')],
]

function mutated(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes)
  for (let times = 1 + Math.floor(random() * 4); times > 0; times -= 1) {
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256)
  }
  const cut = random()
  if (cut < 0.2) return copy.subarray(0, Math.ceil(random() * copy.length))
  if (cut > 0.9) return Buffer.concat([copy, copy.subarray(0, 4)])
  return copy
}

test.each(samples)(
  'no mutation of %s crashes or hangs the engine',
  async (_, bytes) => {
    const random = seeded(bytes.length)
    for (let round = 0; round < 1500; round += 1) {
      const { answer, files } = await scanAll({ m: mutated(bytes, random) })
      const verdict = verdictClass.parse(files[0]?.class)
      expect(answer.outcome).toBe(verdict === 'inert' ? 'passed' : 'failed')
      expect(answer.findings.length > 0).toBe(verdict !== 'inert')
    }
  },
  60_000,
)

test('random bytes are never inert unless they are plain text', async () => {
  const random = seeded(7)
  for (let round = 0; round < 3000; round += 1) {
    const bytes = Buffer.from(
      Array.from({ length: 1 + Math.floor(random() * 64) }, () => Math.floor(random() * 256)),
    )
    const verdict = await verdictOf(bytes)
    if (!verdict.endsWith('/inert')) continue
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    expect(text).toMatch(/^([\t\n\r]|\P{Cc})*$/u)
  }
}, 60_000)

test('a sound head with random bytes behind it is never inert', async () => {
  const random = seeded(11)
  for (const [name, bytes] of samples.slice(0, 2)) {
    for (let round = 0; round < 500; round += 1) {
      const tail = Buffer.from(
        Array.from({ length: 1 + Math.floor(random() * 16) }, () => Math.floor(random() * 256)),
      )
      expect(
        await verdictOf(Buffer.concat([bytes, tail])),
        `${name} + ${tail.toString('hex')}`,
      ).not.toMatch(/inert$/)
    }
  }
}, 60_000)
