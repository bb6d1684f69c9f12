import { assert, property, string, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aliasStream,
  outsideStream,
  promotionStream,
  promotionWorkflowId,
  releaseTaskQueue,
  taskQueue,
} from '../../src/contract.js'

const part = string({ unit: 'grapheme', minLength: 1, maxLength: 12 })

describe('workflow ids', () => {
  test('are readable for plain names, and encode what separates their parts', () => {
    expect(promotionWorkflowId('production', 'diabetes-risk', '7')).toBe(
      'promotion:production:diabetes-risk:7',
    )
    expect(promotionWorkflowId('production', 'a:b', '7')).toBe('promotion:production:a%3Ab:7')
    expect(promotionWorkflowId('production', "a!'()*", '7')).toBe(
      'promotion:production:a%21%27%28%29%2A:7',
    )
  })

  test('are not given where Temporal could not hold them', () => {
    const room = 255 - 'promotion:production::7'.length
    expect(promotionWorkflowId('production', 'm'.repeat(room), '7')).toHaveLength(255)
    expect(promotionWorkflowId('production', 'm'.repeat(room + 1), '7')).toBeUndefined()
    expect(promotionWorkflowId('production', 'ü'.repeat(60), '7')).toBeUndefined()
  })

  test('differ for whatever differs, and say only what their parts say', () => {
    assert(
      property(tuple(part, part, part), tuple(part, part, part), (one, other) => {
        const [a, b] = [promotionWorkflowId(...one), promotionWorkflowId(...other)]
        expect(a === b && a !== undefined).toBe(
          JSON.stringify(one) === JSON.stringify(other) && a !== undefined,
        )
        expect(a?.split(':').slice(1).map(decodeURIComponent) ?? one).toEqual(one)
      }),
    )
  })
})

test('streams are told apart, and the release has a queue of its own', () => {
  const names = [
    promotionStream('prm_1'),
    aliasStream('production', 'a'),
    aliasStream('production', 'a:b'),
    aliasStream('production:a', 'b'),
    outsideStream('a'),
  ]
  expect(new Set(names).size).toBe(names.length)
  expect(aliasStream('production', 'a:b')).toBe('alias:production:a%3Ab')
  expect(releaseTaskQueue).not.toBe(taskQueue)
})
