import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker'

/** The workflows as Temporal's sandbox takes them: one file, made from the compiled code beside this one. */
export async function bundleWorkflows(): Promise<WorkflowBundle> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`../../workflows/index.${extension}`, import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  })
}
