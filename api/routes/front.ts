import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps, ApiEnv } from '../deps.js'

const information = (version: string) => ({
  openapi: '3.1.0' as const,
  info: {
    title: 'Countersign',
    version,
    description:
      'Moves a machine-learning model to production only when its bytes, its evidence and its owners agree.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
})

const page = (version: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Countersign</title>
<h1>Countersign ${version}</h1>
<p>The API answers under <code>/v1</code>; <a href="/openapi.json">openapi.json</a> describes it.</p>
</html>
`

/** What somebody finds who opens the address. */
export function frontRoutes(app: OpenAPIHono<ApiEnv>, { version }: ApiDeps): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  })
  app.get('/openapi.json', (c) => c.json(app.getOpenAPI31Document(information(version))))
  app.get('/', (c) => c.html(page(version)))
}
