import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCountersign, type Started } from './support/started.js'

let started: Started

beforeAll(async () => {
  started = await startCountersign()
}, 120_000)

afterAll(() => started?.stop())

test('the demo promotes one model and sees four refused, twice in a row', async () => {
  const first = await started.node('dist/examples/demo.js')
  expect(first.stdout + first.stderr).toContain('1 promoted, 4 refused')
  expect(first.code).toBe(0)
  const second = await started.node('dist/examples/demo.js')
  expect(second.code, second.stdout + second.stderr).toBe(0)
}, 180_000)

test('why tells which version is live, who asked, what passed with which figures, and who signed', async () => {
  const { stdout, code } = await started.node(
    'bin/countersign.js',
    '--server',
    started.apiUrl,
    '--as',
    'eli',
    'why',
    'diabetes-risk',
  )
  expect(code).toBe(0)
  expect(stdout).toMatch(/AUC 0\.801/)
  expect(stdout).toContain('Mira')
  expect(stdout).toContain('model-risk')
  expect(stdout).toContain('clinical-safety')
})
