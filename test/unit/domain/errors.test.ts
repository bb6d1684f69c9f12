import { expect, test } from 'vitest'
import { isPromotionError, PromotionError } from '../../../src/domain/errors.js'

test('our errors are told apart by name and code, also where the class was copied', () => {
  const error = new PromotionError('NO_POLICY', 'no policy covers it', { remedy: 'add one' })
  const copy = Object.assign(new Error('x'), { name: 'PromotionError', code: 'NO_POLICY' })
  expect(error.detail).toEqual({ remedy: 'add one' })
  expect(new PromotionError('INTERNAL', 'x').detail).toEqual({})
  expect([error, copy].map(isPromotionError)).toEqual([true, true])
  expect(
    [new Error('x'), { name: 'PromotionError', code: 'INTERNAL' }, null].map(isPromotionError),
  ).toEqual([false, false, false])
  expect(isPromotionError(Object.assign(new Error('x'), { name: 'PromotionError' }))).toBe(false)
})
