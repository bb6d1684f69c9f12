import { html, raw } from 'hono/html'

export interface DevelopmentPerson {
  /** What the token's `sub` will be. */
  readonly subject: string
  readonly name: string
  readonly email?: string | undefined
  /** The pseudonymous id of the owners file; `token --as` accepts it too. */
  readonly id?: string | undefined
}

/** No script, no frame, nothing from elsewhere. Forms stay free, since a sign-in ends at the address of the client that asked. */
export const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const

type Markup = ReturnType<typeof html>

async function page(title: string, body: Markup): Promise<string> {
  const whole = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <style>
          body {
            font:
              1rem/1.5 system-ui,
              sans-serif;
            max-width: 34rem;
            margin: 3rem auto;
            padding: 0 1rem;
          }
          button {
            font: inherit;
            padding: 0.4rem 1rem;
          }
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        ${body}
      </body>
    </html>`
  return whole.toString()
}

/** Which of the example people are you? Asks for the secret too, where this browser has not shown it yet. */
export function choosePage(
  people: readonly DevelopmentPerson[],
  asksSecret: boolean,
  fault: string | null,
): Promise<string> {
  const choices = people.map(
    ({ subject, name, email }, index) =>
      html`<p>
        <label>
          <input
            type="radio"
            name="person"
            value="${subject}"
            required
            ${index === 0 ? 'checked' : ''}
          />
          ${name} (${email ?? subject})
        </label>
      </p>`,
  )
  const secret = html`<p>
    <label>
      Secret, from the file <code>identity/secret</code> below <code>COUNTERSIGN_HOME</code>:
      <input type="password" name="secret" required autocomplete="off" />
    </label>
  </p>`
  return page(
    'Countersign development sign-in',
    html`${fault === null ? '' : html`<p role="alert">${fault}</p>`}
      <form method="post">
        <fieldset>
          <legend>Who are you?</legend>
          ${choices}
        </fieldset>
        ${asksSecret ? secret : ''}
        <button>Continue</button>
      </form>`,
  )
}

/** A form that the provider itself made, framed by our page. */
export function formPage(title: string, text: string, form: string): Promise<string> {
  return page(
    title,
    html`<p>${text}</p>
      ${raw(form)}<button form="op.deviceInputForm">Continue</button>`,
  )
}

export function confirmPage(client: string, userCode: string, form: string): Promise<string> {
  return page(
    'Sign in a command line',
    html`<p>${client} shows this code: <strong>${userCode}</strong></p>
      <p>Continue only if you see the same code there.</p>
      ${raw(form)}<button form="op.deviceConfirmForm">Continue</button>`,
  )
}

export function messagePage(title: string, text: string): Promise<string> {
  return page(title, html`<p>${text}</p>`)
}
