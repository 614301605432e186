import { createHash } from 'node:crypto'
import type { WireOutputOf } from '@claviger/contract'
import type { Page, Route } from 'playwright-core'

/** What a server would answer, for tests of how pages show it. */

const id = '3f2b8a52-7c3e-4d0a-9a53-1f7c7f1c9a01'
const other = '9d1d6f0e-5d8b-4f39-8f0f-0a2f4a3f8c02'
const at = '2026-11-24T08:00:00.000Z'

const digest = (text: string) => createHash('sha256').update(text).digest('base64url')
const input = { format: 'pkcs8', key: id }
const statement = JSON.stringify({
  approvals: 2,
  expiresAt: 1_795_600_000_000,
  input: digest(JSON.stringify(input)),
  operation: 'key.export',
  purpose: 'approval',
  request: id,
  requester: other,
  v: 1,
})

export const answers = {
  id,
  approval: { statement, digest: digest(statement) },
}

/** Says of each operation what it answers; names and comments may be told apart. */
export async function mock(
  page: Page,
  words: { readonly comment?: string; readonly name?: string } = {},
  lie: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { comment = 'Moving to the new building', name = 'maria' } = words
  const login = { principal: id, createdAt: at, expiresAt: at, idleSeconds: 900, seenAt: at }
  const request = {
    id,
    operation: 'key.export',
    requester: other,
    comment,
    state: 'pending',
    approvals: 2,
    signed: true,
    automatic: false,
    createdAt: at,
    expiresAt: at,
    key: id,
  }
  const decisions = [{ principal: other, at, comment, verdict: 'approved', signed: true }]
  const said: Readonly<Record<string, unknown>> = {
    'GET /v1/whoami': {
      principal: { id, name, kind: 'user' },
      account: '000000000000',
      arn: 'arn:aws:iam::000000000000:user/maria',
      credential: id,
      expiresAt: at,
    } satisfies Partial<Record<keyof WireOutputOf<'whoami'>, unknown>>,
    'GET /v1/login/providers': { items: [{ id, name: 'Example Corp' }] },
    'GET /v1/logins': {
      items: [
        { id, factors: [{ factor: 'passkey', at }], ...login },
        {
          id: other,
          factors: [
            { factor: 'password', at },
            { factor: 'totp', at },
          ],
          ...login,
        },
      ],
    },
    'GET /v1/factors': {
      items: [
        { id, kind: 'passkey', name, createdAt: at, lastUsedAt: at, backedUp: true },
        { id: other, kind: 'totp', name: 'My telephone', createdAt: at },
        { id: other, kind: 'recovery', name: '', createdAt: at, codesLeft: 10 },
        { id: other, kind: 'password', name: '', createdAt: at },
      ],
    },
    'GET /v1/approvals': { items: [request, { ...request, comment: '' }] },
    [`GET /v1/approvals/${id}`]: {
      ...request,
      input,
      ...answers.approval,
      challenge: answers.approval.digest,
      decisions,
      passkey: { challenge: answers.approval.digest, rpId: 'localhost' },
      ...lie,
    },
    'POST /v1/enrolment/begin': {
      name,
      tenantName: 'default',
      totp: {
        secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
        uri: 'otpauth://totp/Claviger:maria?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Claviger',
      },
      passkey: { options: {} },
      passwordLength: 12,
      expiresAt: at,
    },
  }
  await page.unroute('**/v1/**')
  await page.route('**/v1/**', (route) => answer(route, said))
}

/** What is not said asks for a fresh proof. */
async function answer(route: Route, said: Readonly<Record<string, unknown>>): Promise<void> {
  const request = route.request()
  const output = said[`${request.method()} ${new URL(request.url()).pathname}`]
  const problem = {
    code: 'step_up_required',
    detail: 'This needs a passkey or a code that is no older than 5 minutes',
    stepUp: { factors: ['passkey', 'totp'], maxAgeSeconds: 300, bound: false },
  }
  await route.fulfill({
    status: output === undefined ? 403 : 200,
    contentType: 'application/json',
    body: JSON.stringify(output ?? problem),
  })
}
