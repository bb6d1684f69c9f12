import { defineSearchAttributeKey } from '@temporalio/common'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { findTemporal } from '../../../src/main/temporal/find.js'
import { searchAttributeTypes } from '../../../src/main/temporal/search-attributes.js'

const attributeTypes = { Keyword: 'KEYWORD', KeywordList: 'KEYWORD_LIST' } as const

/**
 * Temporal's own dev server on a free port, in memory.
 *
 * @param settings dynamic configuration, `limit.historyCount.suggestContinueAsNew=40`, say
 */
export async function startTemporal(settings: readonly string[] = []) {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') })
  const { path } = await findTemporal(process.env, () => undefined)
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      ip: '127.0.0.1',
      searchAttributes: Object.entries(searchAttributeTypes).map(([name, type]) =>
        defineSearchAttributeKey(name, attributeTypes[type]),
      ),
      extraArgs: settings.flatMap((setting) => ['--dynamic-config-value', setting]),
      log: { format: 'pretty', level: 'error' },
    },
  })
}
