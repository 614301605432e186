/**
 * How pages speak to the server: operations of the contract by name, through fetch, with the login's cookie, which no script can read.
 * Beside the cookie, whatever changes something sends a code that only pages of this server know. The code alone opens nothing, and is
 * kept in this page and nowhere else: a page that is opened anew asks for it.
 *
 * @import { OperationName, Problem, WireInputOf, WireOutputOf } from '@claviger/contract'
 */

/** Routes of the operations that pages use, as the contract has them. */
export const routes = /** @type {const} @satisfies {Partial<Record<OperationName, string>>} */ ({
  whoami: 'GET /v1/whoami',
  login: 'POST /v1/login',
  'login.challenge': 'POST /v1/login/challenge',
  'login.passkey': 'POST /v1/login/passkey',
  'login.stepUpChallenge': 'POST /v1/login/step-up/challenge',
  'loginProvider.names': 'GET /v1/login/providers',
  'login.providerStart': 'POST /v1/login/provider/start',
  'login.provider': 'POST /v1/login/provider',
  'login.providerLinks': 'GET /v1/login/provider/links',
  'login.providerLinkStart': 'POST /v1/login/provider/link/start',
  'login.providerLink': 'POST /v1/login/provider/link',
  'login.providerUnlink': 'DELETE /v1/login/provider/links/{provider}',
  'login.providerLogout': 'POST /v1/login/provider/logout',
  'login.stepUp': 'POST /v1/login/step-up',
  'login.deviceConfirm': 'POST /v1/login/device/confirm',
  'login.list': 'GET /v1/logins',
  'login.end': 'POST /v1/logins/{login}/end',
  logout: 'POST /v1/logout',
  'enrolment.begin': 'POST /v1/enrolment/begin',
  'enrolment.complete': 'POST /v1/enrolment/complete',
  'factor.list': 'GET /v1/factors',
  'factor.begin': 'POST /v1/factors/begin',
  'factor.add': 'POST /v1/factors',
  'factor.remove': 'DELETE /v1/factors/{factor}',
  'factor.renewCodes': 'POST /v1/factors/recovery-codes',
  'password.change': 'POST /v1/password',
  'approval.list': 'GET /v1/approvals',
  'approval.get': 'GET /v1/approvals/{approval}',
  'approval.challenge': 'POST /v1/approvals/{approval}/challenge',
  'approval.approve': 'POST /v1/approvals/{approval}/approve',
  'approval.reject': 'POST /v1/approvals/{approval}/reject',
  'approval.withdraw': 'POST /v1/approvals/{approval}/withdraw',
})

/** @typedef {keyof typeof routes} Name */

/** What the server says no with, or that it could not be reached. */
export class Refusal extends Error {
  /** @param {Pick<Problem, 'code' | 'detail'> & Partial<Problem>} problem */
  constructor(problem) {
    super(problem.detail)
    this.name = 'Refusal'
    this.problem = problem
  }

  get code() {
    return this.problem.code
  }
}

/** @type {string | undefined} */
let csrf

/** Takes over what an answer says the code is. @param {{ csrf?: string | undefined }} answer */
export function rememberLogin(answer) {
  csrf = answer.csrf
}

/**
 * Does an operation.
 *
 * @template {Name} N
 * @param {N} name
 * @param {WireInputOf<N>} input
 * @param {Record<string, string>} [more] further headers
 * @returns {Promise<WireOutputOf<N>>}
 * @throws {Refusal}
 */
export async function perform(name, input, more = {}) {
  const [method = 'GET', template = ''] = routes[name].split(' ')
  const rest = new Map(Object.entries(input))
  const path = template.replaceAll(
    /\{(\w+)\}/g,
    (/** @type {string} */ _, /** @type {string} */ field) => {
      const value = rest.get(field)
      rest.delete(field)
      return encodeURIComponent(String(value))
    },
  )
  const fields = [...rest].filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(fields.map(([field, value]) => [field, String(value)]))
  const reads = method === 'GET'
  const response = await reach(reads && fields.length > 0 ? `${path}?${query}` : path, {
    method,
    credentials: 'same-origin',
    redirect: 'error',
    headers: {
      ...(reads ? {} : { 'content-type': 'application/json' }),
      ...(reads || csrf === undefined ? {} : { 'claviger-csrf': csrf }),
      ...more,
    },
    ...(reads ? {} : { body: JSON.stringify(Object.fromEntries(fields)) }),
  })
  const answer = /** @type {unknown} */ (await response.json().catch(() => undefined))
  if (response.ok && answer !== undefined) return /** @type {WireOutputOf<N>} */ (answer)
  // Something in between, such as a proxy, answers in a form of its own.
  const problem = /** @type {Partial<Problem> | null | undefined} */ (answer)
  throw new Refusal(
    typeof problem?.code === 'string' && typeof problem.detail === 'string'
      ? /** @type {Problem} */ (problem)
      : { code: 'internal', detail: `The server answered ${response.status} without words` },
  )
}

/** @param {string} path @param {RequestInit} request */
async function reach(path, request) {
  try {
    return await fetch(path, request)
  } catch {
    throw new Refusal({
      code: 'internal',
      detail: 'The server cannot be reached. Is the network there? Try again in a moment.',
    })
  }
}

/** Every row of a listing, a page after the other. @template Item @param {(cursor?: string) => Promise<{ items: Item[], cursor?: string | undefined }>} ask */
export async function everyOne(ask) {
  /** @type {Item[]} */
  const items = []
  /** @type {string | undefined} */
  let cursor
  do {
    const page = await ask(cursor)
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return items
}

/** Goes to the page of the login, and comes back here. */
export function goToLogin() {
  const here = `${location.pathname}${location.search}`
  location.replace(`/login?next=${encodeURIComponent(here)}`)
}

/** Where to go after the login: one of our own pages, and nowhere else. @param {string | null} wanted */
export function nextPage(wanted) {
  return wanted !== null && /^\/(account|approvals|device)(\?[\w=&-]*)?$/.test(wanted)
    ? wanted
    : '/account'
}
