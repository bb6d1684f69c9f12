import { configDefaults, defineConfig } from 'vitest/config'

// Peers are installed and started for their suites alone, so those run only where they are named.
const namesPeers = process.argv.some((word) => word.includes('test/peers'))

// eslint-disable-next-line import/no-default-export -- the tool asks for it
export default defineConfig({
  test: {
    // Threads crash with Temporal's native module.
    pool: 'forks',
    maxWorkers: '100%',
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'dist/**', ...(namesPeers ? [] : ['test/peers/**'])],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Live suites share two cores there: what a busy moment cut off is tried once more, and said.
    retry: process.env['CI'] === undefined ? 0 : 1,
    coverage: {
      provider: 'v8',
      include: ['src/domain/**'],
      thresholds: { 'src/domain/**': { branches: 100 } },
    },
  },
})
