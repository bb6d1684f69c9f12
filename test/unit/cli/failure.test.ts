import { describe, expect, test } from 'vitest'
import { errorCodes, PromotionError } from '../../../src/domain/errors.js'
import { LogDamaged } from '../../../recorder/log/log-fault.js'
import { serverOf } from '../../../cli/client.js'
import { durationMsOf } from '../../../cli/duration.js'
import { failureOf, failureOfProblem } from '../../../cli/failure.js'
import { reasonOf } from '../../../cli/words.js'

test.each([
  [400, 'IDEMPOTENCY_KEY_MISSING', 2],
  [401, 'NOT_AUTHENTICATED', 5],
  [403, 'NOT_ELIGIBLE', 5],
  [404, 'MODEL_NOT_FOUND', 3],
  [409, 'DIGEST_OUT_OF_DATE', 3],
  [422, 'NO_POLICY', 3],
  [422, 'MALFORMED', 2],
  [413, 'PAYLOAD_TOO_LARGE', 2],
  [500, 'INTERNAL', 1],
  [503, 'WORKER_UNAVAILABLE', 8],
  [503, 'GOVERNANCE_INVALID', 8],
  [418, 'SOMETHING_NEW', 3],
])('a problem %i %s ends the command with %i', (status, code, expected) => {
  expect(failureOfProblem({ status, code, detail: 'x' }).exitCode).toBe(expected)
})

test('no code of ours ends as yes, still waiting or forged', () => {
  for (const code of errorCodes) {
    expect([1, 2, 3, 5, 7, 8]).toContain(failureOf(new PromotionError(code, 'x')).exitCode)
  }
})

test('a damaged log is forged, not merely unreachable', () => {
  expect(failureOf(new LogDamaged({ file: 'log', line: 1, what: 'x' })).exitCode).toBe(6)
})

test('what changed, what is under way and what to do are all told', () => {
  const problem = {
    status: 409,
    detail: 'no',
    changes: ['the tier'],
    promotion: 'prm_1',
    remedy: 'r',
  }
  const { why, remedy } = failureOfProblem(problem)
  expect(why).toEqual(['changed since you saw it: the tier', 'under way: prm_1'])
  expect(remedy).toBe('r')
})

describe('a token never travels in clear beyond this machine', () => {
  test.each([
    'http://10.0.0.1:8411',
    'http://example.test',
    'http://localhost.example.test',
    'ftp://localhost',
    'http://user@localhost:1',
    'http://localhost/path',
    'nothing',
  ])('%s is refused', (server) => {
    expect(() => serverOf(server)).toThrow(expect.objectContaining({ exitCode: 2 }))
  })

  test.each([
    ['http://127.0.0.1:8411/', 'http://127.0.0.1:8411'],
    ['http://[::1]:1', 'http://[::1]:1'],
    ['https://countersign.example.test', 'https://countersign.example.test'],
  ])('%s is taken', (server, origin) => {
    expect(serverOf(server)).toBe(origin)
  })
})

describe('a reason', () => {
  test.each([
    [{}, 'a reason is needed'],
    [{ reason: 'a', reasonFile: 'b' }, 'one of them'],
    [{ reason: ' ' }, 'the reason cannot be taken'],
    [{ reason: 'a\u202Eb' }, 'must not hold control or bidirectional'],
    [{ reasonFile: '/nowhere/x' }, 'cannot be read'],
  ])('%j is refused', (options, expected) => {
    expect(() => reasonOf(options)).toThrow(expected)
  })

  test('is trimmed and may have lines', () => {
    expect(reasonOf({ reason: ' two\nlines ' })).toBe('two\nlines')
  })
})

test.each(['', '0s', '5', '-5m', '5 m', '5y', '1.5h'])('%j is no time', (text) => {
  expect(() => durationMsOf(text, '--timeout')).toThrow('--timeout is a time such as')
})

test('times are told in their units', () => {
  expect(['90s', '15m', '2h', '30d'].map((text) => durationMsOf(text, 'x'))).toEqual([
    90_000, 900_000, 7_200_000, 2_592_000_000,
  ])
})
