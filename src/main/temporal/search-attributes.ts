import { searchAttributes } from '../../contract.js'

/** What Temporal's own lists and UI can be searched by. Never a person: these values are kept unencrypted. */
export const searchAttributeTypes = {
  [searchAttributes.state]: 'Keyword',
  [searchAttributes.model]: 'Keyword',
  [searchAttributes.version]: 'Keyword',
  [searchAttributes.environment]: 'Keyword',
  [searchAttributes.waitingTeam]: 'KeywordList',
} as const

/** Temporal's numbers for these types (`IndexedValueType`). */
export const indexedValueTypes = { Keyword: 2, KeywordList: 7 } as const
