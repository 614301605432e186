import '../without-code-generation.ts'
import { operations } from '@claviger/contract'
import { internalEvents, type LedgerRecord } from '@claviger/contract/ledger'
import { thing, type Ends } from './ends.ts'
import type { Fresh, Made, MadeKind, Thing } from './made.ts'
import type { Find } from './report.ts'
import { Sessions } from './sessions.ts'

/** Callers over the records in their order: who does something is somebody, with a credential and a right that were given and stand. */

/** As which rows the credentials are made that are proved in each way. */
const rowsOf: Readonly<Record<string, MadeKind>> = Object.freeze({
  token: 'token',
  'access-key': 'accessKey',
  'secret-id': 'secretId',
  certificate: 'certificate',
  login: 'loginSession',
})

/** How a trust is named among the factors of who came with an identity token. */
const TRUST = 'trust:'

/** A credential, and what ends it when it ends. */
interface Proved {
  readonly of: Thing | undefined
  readonly rests: readonly string[]
}

export class CallerCheck {
  readonly #made: Made
  readonly #ends: Ends
  readonly #sessions = new Sessions()
  /** Of each person the logins that have not ended. */
  readonly #logins = new Map<string, Set<string>>()
  /** Grants by their id: the key each is on. */
  readonly #grants = new Map<string, string>()
  /** Keys that took over the grants of others, which got ids that the ledger does not tell. */
  readonly #heirs = new Set<string>()

  constructor(made: Made, ends: Ends) {
    this.#made = made
    this.#ends = ends
  }

  /** Whether who did it was somebody who could. */
  check(record: LedgerRecord, isUse: boolean, find: Find): void {
    const { event, principal, tenant, binding, key } = record
    if (principal === 'system' || principal === 'anonymous') {
      const isTheirs = principal === 'system' ? isForServer(event) : isForAnybody(event)
      if (!isTheirs) find('unmade', `${event} is by ${principal}, and not for them to do`)
      return
    }
    const made = this.#made.get('principal', principal)
    if (made === undefined)
      find('unmade', `${event} is by principal ${principal}, whom the ledger never made`)
    else if (made.tenant !== tenant)
      find('unmade', `${event} is by principal ${principal}, who is another tenant's`)
    const proved = this.#proved(record, isUse, find)
    for (const what of new Set([thing('principal', principal), ...(proved?.rests ?? [])]))
      this.#ends.check(record, what, find)
    if (binding !== undefined) this.#checkRight(record, binding, find)
    else if (isUse && key !== undefined) find('record', `${event} does not say what allowed it`)
  }

  /** The credential that was proved; undefined where there is none to follow. */
  #proved(record: LedgerRecord, isUse: boolean, find: Find): Proved | undefined {
    const { event, principal, tenant, credential, factors = [] } = record
    const [how] = event === 'enrolment.complete' ? ['login'] : factors
    if (credential === undefined || how === undefined) {
      find('unmade', `${event} does not say which credential was proved, and how`)
      return undefined
    }
    const proved = this.#credential(how, credential, factors)
    if (how === 'approval') {
      // What the server does for somebody is checked as what others approved.
      if (isUse) find('unmade', `${event} is by the server for somebody, and it uses no keys`)
      return undefined
    }
    const { of, rests } = proved
    const named = `${how} ${credential}`
    if (of === undefined)
      find(
        'unmade',
        `${event} is with ${named}, which the ledger never made, or which is long over`,
      )
    else if ((of.principal ?? principal) !== principal)
      find('unmade', `${event} is with ${named}, which is another principal's`)
    else if (of.tenant !== tenant)
      find('unmade', `${event} is with ${named}, which is another tenant's`)
    else if (isOver(of, record) && event !== 'secretId.exchange')
      find('revocation', `${event} with ${named} stands after its end`)
    return { of, rests: [thing('credential', credential), ...rests] }
  }

  /** What is known of a credential, and what it rests on beside itself. */
  #credential(how: string, id: string, factors: readonly string[]): Proved {
    if (how === 'temporary') {
      const session = this.#sessions.get(id)
      return { of: session, rests: session?.rests ?? [] }
    }
    if (how === 'identity-token') {
      const [, named = ''] = factors
      const trust = named.startsWith(TRUST) ? named.slice(TRUST.length) : ''
      const of = this.#made.get('trust', trust)
      return { of, rests: of === undefined ? [] : restsOfTrust(trust, of) }
    }
    const kind = Object.hasOwn(rowsOf, how) ? rowsOf[how] : undefined
    const of = kind && this.#made.get(kind, id)
    const { provider } = of ?? {}
    return {
      of,
      rests:
        kind === 'loginSession' && provider !== undefined
          ? [thing('login provider', provider)]
          : [],
    }
  }

  /** What allowed it was given to who did it, and stands. Statements of key policies are named by their writers, and not followed. */
  #checkRight(record: LedgerRecord, binding: string, find: Find): void {
    const { event, principal, tenant } = record
    if (binding.startsWith('policy:')) return
    if (binding.startsWith('grant:')) return this.#checkGrant(record, binding.slice(6), find)
    this.#ends.check(record, thing('binding', binding), find)
    const right = this.#made.get('binding', binding)
    if (right === undefined)
      return find('unmade', `${event} is by binding ${binding}, which the ledger never made`)
    const { group } = right
    const isTheirs =
      group === undefined
        ? (right.principal ?? principal) === principal
        : this.#made.has('membership', `${group}/${principal}`)
    if (!isTheirs || right.tenant !== tenant)
      find('unmade', `${event} is by binding ${binding}, which ${principal} does not have`)
    if (isOver(right, record))
      find('revocation', `${event} with binding ${binding} stands after its end`)
  }

  #checkGrant(record: LedgerRecord, grant: string, find: Find): void {
    const { event, key = '' } = record
    this.#ends.check(record, thing('grant', grant), find)
    const on = this.#grants.get(grant)
    if (on === undefined ? !this.#heirs.has(key) : on !== key)
      find('unmade', `${event} is by grant ${grant}, which the ledger never made on this key`)
  }

  /** Takes what a record makes, and what it ends. */
  take(
    index: number,
    record: LedgerRecord,
    related: (key: string) => readonly string[],
    find: Find,
  ): void {
    const { event, subject, principal, key, detail = {}, changed = [] } = record
    switch (event) {
      case 'session.create':
        return this.#begin(record, find)
      case 'secretId.exchange':
        return this.#exchange(record)
      case 'grant.create':
        if (subject !== undefined && key !== undefined) this.#grants.set(subject, key)
        return
      case 'compromise.open':
        for (const { kind, id } of changed) if (kind === 'key') this.#heirs.add(id)
        for (const heir of related(String(detail['replacement'] ?? ''))) this.#heirs.add(heir)
        return
      case 'person.reset':
        return this.#endLogins(index, event, subject, () => true)
      case 'password.change':
        return this.#endLogins(index, event, principal, (login) => login !== record.credential)
      case 'loginProvider.unlink':
      case 'login.providerUnlink':
        return this.#endLogins(index, event, subject, (login) => {
          return this.#made.get('loginSession', login)?.provider === detail['provider']
        })
      default:
    }
  }

  /** Takes note of logins that were made, and of what they rest on. */
  takeLogins({ principal, credential, event }: LedgerRecord, fresh: readonly Fresh[]): void {
    for (const { kind, id } of fresh) {
      if (kind !== 'loginSession') continue
      this.#logins.getOrInsertComputed(principal, () => new Set()).add(id)
      const before =
        event === 'login.deviceConfirm' && credential !== undefined
          ? this.#made.get('loginSession', credential)
          : undefined
      // What lets a program in rests on what lets it in.
      if (before?.provider !== undefined)
        this.#made.set('loginSession', id, { ...this.#made.get('loginSession', id), ...before })
    }
  }

  #endLogins(
    index: number,
    event: string,
    person: string | undefined,
    isMeant: (login: string) => boolean,
  ): void {
    const logins = this.#logins.get(person ?? '')
    for (const login of logins ?? []) {
      if (!isMeant(login)) continue
      this.#ends.put(thing('credential', login), event, index)
      logins?.delete(login)
    }
  }

  #exchange({ subject = '', detail = {} }: LedgerRecord): void {
    const of = this.#made.get('secretId', subject)
    const until = detail['until']
    if (of !== undefined && typeof until === 'number')
      this.#made.set('secretId', subject, { ...of, until: Math.max(of.until ?? 0, until) })
  }

  /** A session rests on everything that its maker's credential rests on, on both principals, and on the trust between them. */
  #begin(record: LedgerRecord, find: Find): void {
    const { subject, principal, tenant, credential = '', factors = [], detail = {} } = record
    const { accessKey, until, trust } = detail
    if (subject === undefined || typeof accessKey !== 'string' || typeof until !== 'number')
      return find('record', 'session.create does not say whose session it is, and until when')
    const [how = ''] = factors
    const { of, rests } = this.#credential(how, credential, factors)
    const all = new Set([thing('credential', credential), thing('principal', principal), ...rests])
    all.add(thing('principal', subject))
    if (subject !== principal) {
      const between = typeof trust === 'string' ? this.#made.get('trust', trust) : undefined
      if (
        between?.principal !== subject ||
        between.by !== principal ||
        this.#ends.has(thing('trust', String(trust)))
      )
        find('unmade', `session.create is of ${subject}, who does not trust ${principal}`)
      all.add(thing('trust', String(trust)))
    }
    const end =
      how === 'temporary' || how === 'secret-id' ? Math.min(until, of?.until ?? until) : until
    const session = { tenant, principal: subject, until: end, rests: [...all] }
    if (!this.#sessions.add(accessKey, session, Date.parse(record.time)))
      find('unmade', `session.create makes ${accessKey}, which is a session already`)
  }
}

function restsOfTrust(id: string, { provider }: Thing): readonly string[] {
  return [
    thing('trust', id),
    ...(provider === undefined ? [] : [thing('identity provider', provider)]),
  ]
}

function isOver({ until }: Thing, { time }: LedgerRecord): boolean {
  return until !== undefined && Date.parse(time) >= until
}

/** What the server does by itself, with the steps that it takes in the case of a compromise. */
const ofServer: ReadonlySet<string> = new Set([
  ...internalEvents,
  'compromise.assess',
  'compromise.rewrap',
  'compromise.revoke',
  'compromise.destroy',
  'compromise.close',
])

function isForServer(event: string): boolean {
  return ofServer.has(event) || !Object.hasOwn(operations, event)
}

/** What somebody may do before they are anybody. An event that nobody here knows may be such a one. */
function isForAnybody(event: string): boolean {
  const rows: Readonly<Record<string, { readonly action: string }>> = operations
  return !Object.hasOwn(rows, event) || rows[event]?.action === 'none'
}
