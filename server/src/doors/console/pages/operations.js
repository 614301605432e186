/**
 * How pages speak to the server: operations of the contract by name, through fetch, with the login's cookie, which no script can read.
 * Beside the cookie, whatever changes something sends a code that only pages of this server know. The code alone opens nothing.
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
  'login.stepUp': 'POST /v1/login/step-up',
  'login.deviceConfirm': 'POST /v1/login/device/confirm',
  'login.list': 'GET /v1/logins',
  'login.end': 'POST /v1/logins/{login}/end',
  'login.providerStart': 'POST /v1/login/provider/start',
  'login.provider': 'POST /v1/login/provider',
  'loginProvider.names': 'GET /v1/login/providers',
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

/** Where the code stands. Tabs share it, as they share the cookie: links to an approval open in new ones. */
const CSRF = 'claviger-csrf'

/** Remembers what a login's answer gave. @param {string} csrf */
export function rememberLogin(csrf) {
  localStorage.setItem(CSRF, csrf)
}

export function forgetLogin() {
  localStorage.removeItem(CSRF)
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
  const [method, template] = routes[name].split(' ')
  const rest = new Map(Object.entries(input))
  const path = (template ?? '').replaceAll(/\{(\w+)\}/g, (_, field) => {
    const value = rest.get(field)
    rest.delete(field)
    return encodeURIComponent(String(value))
  })
  const fields = [...rest].filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(fields.map(([field, value]) => [field, String(value)]))
  const reads = method === 'GET'
  const response = await reach(reads && fields.length > 0 ? `${path}?${query}` : path, {
    method: method ?? 'GET',
    credentials: 'same-origin',
    redirect: 'error',
    headers: {
      ...(reads ? {} : { 'content-type': 'application/json', ...csrfHeader() }),
      ...more,
    },
    ...(reads ? {} : { body: JSON.stringify(Object.fromEntries(fields)) }),
  })
  const answer = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer
  throw new Refusal(
    answer ?? { code: 'internal', detail: `The server answered ${response.status} without words` },
  )
}

/** @returns {Record<string, string>} */
function csrfHeader() {
  const csrf = localStorage.getItem(CSRF)
  return csrf === null ? {} : { 'claviger-csrf': csrf }
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

/** Goes to the sign-in page, and comes back here. */
export function goToSignIn() {
  const here = `${location.pathname}${location.search}`
  location.replace(`/signin?next=${encodeURIComponent(here)}`)
}

/** Where to go after signing in: one of our own pages, and nowhere else. @param {string | null} wanted */
export function nextPage(wanted) {
  return wanted !== null && /^\/(account|approvals|device)(\?[\w=&-]*)?$/.test(wanted)
    ? wanted
    : '/account'
}
