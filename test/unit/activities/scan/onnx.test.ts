import { expect, test } from 'vitest'
import { entry, externalTensor, field, message, nested, node, onnxOf, tensor } from './builders.js'
import { scanAll, verdictOf } from './scan-of.js'

const raw = (bytes: number) => field(9, Buffer.alloc(bytes))

test.each([
  ['bytes behind the model', Buffer.concat([onnxOf(), Buffer.from([0])])],
  ['text behind the model', Buffer.concat([onnxOf(), Buffer.from('import os')])],
  ['a field that ONNX does not know', onnxOf({ tail: [field(99, 'payload')] })],
  ['a second graph', onnxOf({ tail: [field(7, field(2, 'other'))] })],
  ['a second version', onnxOf({ tail: [field(1, 9)] })],
  ['no operator set', onnxOf({ opsets: [] })],
  ['no graph', message(field(1, 8), field(2, 'p'), field(8, field(2, 17)))],
  ['a node without operator', onnxOf({ nodes: [field(1, 'x')] })],
  ['a group, which protobuf gave up', onnxOf({ tail: [Buffer.from([0x0b])] })],
  ['a number written longer than it is', onnxOf({ tail: [Buffer.from([0x28, 0x81, 0x00])] })],
  [
    'a number without end',
    onnxOf({ tail: [Buffer.from([0x28, ...Array<number>(11).fill(0xff)])] }),
  ],
  ['a text that is not UTF-8', onnxOf({ tail: [field(6, Buffer.from([0xff, 0xfe]))] })],
  ['a graph as a number', message(field(1, 8), field(2, 'p'), field(7, 1), field(8, field(2, 17)))],
  ['subgraphs without end', onnxOf({ nodes: [nested(40, node('Relu'))] })],
  ['metadata without a key', onnxOf({ tail: [field(14, field(2, 'v'))] })],
  ['a tensor longer than its shape', onnxOf({ tensors: [tensor(raw(12))] })],
  ['a tensor shorter than its shape', onnxOf({ tensors: [tensor(raw(4))] })],
  ['a tensor of an unknown type', onnxOf({ tensors: [message(field(1, 2), field(2, 99))] })],
  [
    'a tensor that holds its data twice',
    onnxOf({ tensors: [tensor(field(4, Buffer.alloc(8)), raw(8))] }),
  ],
  ['a tensor in segments', onnxOf({ tensors: [tensor(field(3, field(1, 0)))] })],
  [
    'packed floats that end in the middle of one',
    onnxOf({ tensors: [tensor(field(4, Buffer.alloc(7)))] }),
  ],
  [
    'external data that are not said to be external',
    onnxOf({ tensors: [tensor(field(13, entry('location', 'w.bin')))] }),
  ],
])('%s is refused as malformed', async (_, bytes) => {
  expect(await verdictOf(bytes, 'model.onnx')).toBe('onnx/malformed')
})

test('cut short at any length it never passes', async () => {
  const whole = onnxOf({ nodes: [nested(2, node('Relu')), node('Add')], tensors: [tensor(raw(8))] })
  for (let length = 1; length < whole.length; length += 1) {
    expect(await verdictOf(whole.subarray(0, length)), `${length} bytes`).not.toMatch(/inert$/)
  }
})

test.each([
  ['in the graph', onnxOf({ nodes: [node('PyOp', 'ai.onnx.contrib')] })],
  ['in a subgraph', onnxOf({ nodes: [nested(3, node('PyOp', 'ai.onnx.contrib'))] })],
  ['among the operator sets', onnxOf({ opsets: ['', 'ai.onnx.contrib'] })],
  [
    'in a function',
    onnxOf({
      nodes: [node('F', 'mine')],
      tail: [
        field(
          25,
          message(field(1, 'F'), field(7, node('PyOp', 'ai.onnx.contrib')), field(10, 'mine')),
        ),
      ],
    }),
  ],
])('an operator outside the standard %s contains code', async (_, bytes) => {
  const { answer, files } = await scanAll({ 'model.onnx': bytes })
  expect(files[0]?.class).toBe('contains-code')
  expect(answer.outcome).toBe('failed')
  expect(answer.findings[0]).toMatchObject({
    id: 'scan/onnx-custom-domain:model.onnx',
    what: expect.stringContaining('ai.onnx.contrib'),
  })
})

test('a training graph is refused', async () => {
  expect(await verdictOf(onnxOf({ tail: [field(20, field(1, field(2, 'g')))] }))).toBe(
    'onnx/refused',
  )
})

test.each([
  '../w.bin',
  '/etc/passwd',
  'a/../../w.bin',
  'C:\\w.bin',
  '.',
  '',
  'missing.bin',
  'model.onnx',
  'sub//w.bin',
])('external data at "%s" are refused and cannot be waived', async (location) => {
  const bytes = onnxOf({ tensors: [externalTensor(location)] })
  const { answer } = await scanAll({ 'model.onnx': bytes, 'w.bin': Buffer.alloc(8, 1) })
  expect(answer.findings.find(({ waivable }) => !waivable)?.id).toBe(
    'scan/onnx-external-path:model.onnx',
  )
  expect(answer.outcome).toBe('failed')
})

test.each([
  ['ends behind its file', [field(13, entry('offset', '4')), field(13, entry('length', '8'))]],
  ['is no count', [field(13, entry('offset', '-1'))]],
  ['is given by an unknown key', [field(13, entry('basepath', '/'))]],
  ['is not as long as its shape', [field(13, entry('length', '4'))]],
])('an external range that %s is malformed', async (_, more) => {
  const bytes = onnxOf({ tensors: [externalTensor('w.bin', ...more)] })
  const { files } = await scanAll({ 'model.onnx': bytes, 'w.bin': Buffer.alloc(8, 1) })
  expect(files[0]).toMatchObject({ format: 'onnx', class: 'malformed' })
})

test('a file that no tensor covers to its end stays unknown', async () => {
  const bytes = onnxOf({ tensors: [externalTensor('w.bin', field(13, entry('length', '8')))] })
  const { files } = await scanAll({ 'model.onnx': bytes, 'w.bin': Buffer.alloc(9, 1) })
  expect(files[1]).toMatchObject({ path: 'w.bin', format: 'unknown', class: 'refused' })
})

test('external data of this model are inert', async () => {
  const bytes = onnxOf({ tensors: [externalTensor('data/w.bin', field(13, entry('length', '8')))] })
  const { answer, files } = await scanAll({
    'm/model.onnx': bytes,
    'm/data/w.bin': Buffer.alloc(8, 1),
  })
  expect(answer.outcome).toBe('passed')
  expect(files[0]).toMatchObject({ path: 'm/data/w.bin', format: 'onnx-external-data' })
})

test('a pickle stays a pickle, even where a tensor is said to lie in it', async () => {
  const bytes = onnxOf({ tensors: [externalTensor('w.bin', field(13, entry('length', '8')))] })
  const { answer } = await scanAll({
    'model.onnx': bytes,
    'w.bin': Buffer.from('\u0000cos\n').subarray(0, 8),
  })
  expect(answer.outcome).toBe('failed')
  const pickle = Buffer.from([0x80, 4, 0x4e, 0x30, 0x4e, 0x30, 0x4e, 0x2e])
  const { files } = await scanAll({ 'model.onnx': bytes, 'w.bin': pickle })
  expect(files[1]).toMatchObject({ format: 'pickle', class: 'refused' })
})

test.each([
  [
    'the standard operators',
    onnxOf({ opsets: ['', 'ai.onnx.ml'], nodes: [node('Scaler', 'ai.onnx.ml')] }),
  ],
  ['subgraphs', onnxOf({ nodes: [nested(10, node('Relu'))] })],
  [
    'functions of its own',
    onnxOf({
      opsets: ['', 'mine'],
      nodes: [node('F', 'mine')],
      tail: [field(25, message(field(1, 'F'), field(7, node('Relu')), field(10, 'mine')))],
    }),
  ],
  [
    'tensors and metadata',
    onnxOf({ tensors: [tensor(raw(8))], tail: [field(14, entry('k', 'v'))] }),
  ],
  ['packed whole numbers', onnxOf({ tensors: [tensor(field(7, Buffer.from([1, 0x80, 1])))] })],
])('a sound model with %s is inert', async (_, bytes) => {
  expect(await verdictOf(bytes, 'anything')).toBe('onnx/inert')
})

test('a graph of a million fields is walked in seconds', async () => {
  const floats = Buffer.alloc(5_000_000)
  for (let at = 0; at < floats.length; at += 5) floats[at] = 0x3d
  const bytes = onnxOf({
    nodes: [node('Tree', 'ai.onnx.ml', message(field(1, 'weights'), floats))],
  })
  expect(await verdictOf(bytes)).toBe('onnx/inert')
}, 15_000)
