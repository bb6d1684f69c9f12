import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findOnnx, surveyOnnx } from '../../../../activities/evaluation/onnx.js'
import { MalformedMessage, wireFields } from '../../../../activities/evaluation/protobuf.js'
import { candidate } from './kit.js'
import * as models from './models.js'
import { graph, graphAttribute, externalTensor, node, part } from './onnx-writer.js'

const parts = { nodes: [], inputs: [], outputs: [] }

function nested(depth: number): readonly number[] {
  const inner =
    depth === 0
      ? graph({ ...parts, tensors: [externalTensor('deep', [1], 'x')] })
      : nested(depth - 1)
  return graph({ ...parts, nodes: [node('If', [], [], [graphAttribute('then_branch', inner)])] })
}

describe('values in other files are found wherever they hide', () => {
  test.each([
    ['in the graph', models.reading('/etc/passwd'), 'w'],
    ['in a branch of a branch', Uint8Array.from(part(7, nested(3))), 'deep'],
    [
      'in a function',
      Uint8Array.from(part(25, part(7, part(5, part(5, externalTensor('f', [1], 'x')))))),
      'f',
    ],
    [
      'in a sparse tensor',
      Uint8Array.from(part(7, part(15, part(1, externalTensor('s', [1], 'x'))))),
      's',
    ],
    ['though the tensor denies it', Uint8Array.from(part(7, part(5, part(13, '')))), ''],
  ])('%s', (_, bytes, name) => {
    expect(surveyOnnx(bytes).external).toEqual([name])
  })

  test('or the model is refused, where they hide too deep to be looked at', () => {
    expect(() => surveyOnnx(Uint8Array.from(part(7, nested(40))))).toThrow(MalformedMessage)
  })
})

test('an honest model has none of it', () => {
  expect(surveyOnnx(models.honest())).toMatchObject({ external: [], zipMap: false, labels: [] })
})

test('class labels are read from the classifier', () => {
  expect(surveyOnnx(models.twoClasses(['no', 'yes'])).labels).toEqual([['no', 'yes']])
  expect(surveyOnnx(models.zipMapped())).toMatchObject({ zipMap: true })
})

function surveyError(bytes: Uint8Array): unknown {
  try {
    surveyOnnx(bytes)
    return null
  } catch (error) {
    return error
  }
}

test('arbitrary bytes are read or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(surveyError(bytes) ?? new MalformedMessage()).toBeInstanceOf(MalformedMessage)
    }),
    { numRuns: 2000 },
  )
})

test('a model that was cut off inside one of its fields is refused', () => {
  const whole = models.endless()
  const ends = new Set([...wireFields(whole)].map((field) => field.end))
  for (let length = 1; length < whole.length; length += 1) {
    if (ends.has(length)) continue
    expect(() => surveyOnnx(whole.subarray(0, length))).toThrow(MalformedMessage)
  }
})

describe('a model is known by its content', () => {
  test.each([
    ['JSON', Buffer.from('{"a": 1}')],
    ['text', Buffer.from('# A model\n\nof people\n')],
    ['nothing', new Uint8Array()],
    ['a model cut short', models.honest().subarray(0, 60)],
    ['a model and something behind it', Buffer.concat([models.honest(), Buffer.from('PK')])],
  ])('%s called model.onnx is none', async (_, bytes) => {
    expect(await findOnnx(candidate({ 'model.onnx': bytes }))).toEqual([])
  })

  test('under any name', async () => {
    const files = candidate({
      'a.txt': models.honest(),
      'b.json': Buffer.from('{}'),
      c: models.endless(),
    })
    expect(await findOnnx(files)).toEqual(['a.txt', 'c'])
  })
})
