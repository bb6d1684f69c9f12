import {
  ActivityFailure,
  ApplicationFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  TimeoutFailure,
} from '@temporalio/common'
import { expect, test } from 'vitest'
import { errorCodes, PromotionError } from '../../src/domain/errors.js'
import { fromFailure, isTemporalFailure, toFailure } from '../../src/failure.js'

/** What comes out at the other end of Temporal: written as a message and read again. */
function sentThroughTemporal(error: unknown): Error {
  const message = defaultFailureConverter.errorToFailure(error, defaultPayloadConverter)
  return defaultFailureConverter.failureToError(message, defaultPayloadConverter)
}

function fromActivity(cause: Error): ActivityFailure {
  return new ActivityFailure('failed', 'release', '7', 'MAXIMUM_ATTEMPTS_REACHED', 'worker', cause)
}

test.each(errorCodes)('%s survives the way through Temporal and back', (code) => {
  const detail = { field: 'model', remedy: 'mend it' }
  const sent = toFailure(new PromotionError(code, 'what went wrong', detail))
  const received = fromFailure(fromActivity(sentThroughTemporal(sent)))
  expect(received).toMatchObject({
    name: 'PromotionError',
    code,
    message: 'what went wrong',
    detail,
  })
})

test.each([
  ['REGISTRY_UNAVAILABLE', false],
  ['LOG_UNAVAILABLE', false],
  ['GOVERNANCE_INVALID', false],
  ['SEQUENCE_CONFLICT', false],
  ['NOT_ALLOWED', true],
  ['SNAPSHOT_REFUSED', true],
  ['SIGNATURE_INVALID', true],
] as const)('whether %s is tried again is the code’s to say', (code, nonRetryable) => {
  expect(toFailure(new PromotionError(code, 'why'))).toMatchObject({ type: code, nonRetryable })
})

test('what somebody else called an error is not taken for one of ours', () => {
  const foreign = ApplicationFailure.nonRetryable('what', 'SOMETHING_ELSE')
  expect(fromFailure(fromActivity(foreign))).toBeNull()
  expect(fromFailure(fromActivity(new TimeoutFailure('late', undefined, 'HEARTBEAT')))).toBeNull()
  expect(fromFailure(new Error('a bug'))).toBeNull()
  expect(fromFailure(undefined)).toBeNull()
})

test('details that are not of our form are left out, never passed on', () => {
  for (const detail of [null, 'text', { field: 7, remedy: {} }, ['a']]) {
    const failure = ApplicationFailure.create({
      type: 'MALFORMED',
      message: 'm',
      details: [detail],
    })
    expect(fromFailure(failure)?.detail).toEqual({})
  }
})

test('a bug passes as it is, and is nobody’s refusal', () => {
  const bug = new TypeError('x is undefined')
  expect(toFailure(bug)).toBe(bug)
  expect(isTemporalFailure(bug)).toBe(false)
  expect(isTemporalFailure(toFailure(new PromotionError('MALFORMED', 'no')))).toBe(true)
})
