import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config.js'
import type { Entry } from './entry.js'

const main = dirname(dirname(fileURLToPath(import.meta.url)))

const script = (name: string) => join(main, `${name}.js`)

const identity: Entry = {
  name: 'identity',
  script: script('identity'),
  ready: 'line',
  quiet: [/^oidc-provider (WARNING|NOTICE): /],
  stopStage: 4,
  stopWithinMs: 1_000,
}

/** All that `npm start` runs. API and identity wait for nothing, so both answer while Temporal is still being built. */
export function entriesOf(config: Config): readonly Entry[] {
  return [
    {
      name: 'temporal',
      script: script('temporal'),
      ready: 'line',
      showsOutput: true,
      stopStage: 5,
      stopWithinMs: 4_000,
    },
    {
      name: 'recorder',
      script: script('recorder'),
      ready: 'line',
      stopStage: 3,
      stopWithinMs: 2_500,
    },
    ...(config.development ? [identity] : []),
    {
      name: 'api',
      script: script('api'),
      ready: { port: config.port, host: config.host },
      after: ['recorder'],
      stopStage: 1,
      stopWithinMs: 2_500,
    },
    ...['worker', 'release'].map((name) => ({
      name,
      script: script(name),
      ready: 'line' as const,
      after: ['recorder', 'temporal'],
      stopStage: 2,
      stopWithinMs: 4_500,
    })),
  ]
}
