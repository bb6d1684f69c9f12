import { defineSignal, defineUpdate } from '@temporalio/workflow'
import { actName, openName, type ActAnswer, type OpenAnswer } from '../src/contract.js'
import type { ActCommand } from '../src/schema/statement.js'

/** Waits until the request was decided and recorded. */
export const open = defineUpdate<OpenAnswer>(openName)

/** One person's act; the same update id again gives the same answer. */
export const act = defineUpdate<ActAnswer, [ActCommand]>(actName)

/** The same for whoever has only Temporal's tools: nobody hears the answer, but it is recorded. */
export const actSignal = defineSignal<[ActCommand]>(actName)
