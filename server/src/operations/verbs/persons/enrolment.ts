import {
  assertAcceptable,
  createTokenText,
  hashPassword,
  listRows,
  newRecoveryCodes,
  newTotpSecret,
  parseToken,
  proves,
  totpSetup,
  totpStep,
} from '#access'
import { newestRow, newId } from '#keyring'
import { ClavigerError, type Enrolment, type Principal, type Tenant } from '#model'
import type { RowReference } from '#store'
import { newLogin } from '../../logins/new-login.ts'
import { refused } from '../../logins/refused.ts'
import { factorsOf, passwordOf, sealedPassword, wrapTotp } from '../../logins/stored.ts'
import { enrolmentRow, factorRow } from '../../rows/logins.ts'
import { readSettings } from '../../settings.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { ownEnabled } from '../own.ts'
import { endedLogins } from './logins.ts'

/** How a person gets the first factors: with a link that is used once. */

const HOUR_MS = 3_600_000
/** What was begun with a link is kept so long. */
const BEGUN_MS = HOUR_MS

async function personOf(work: Work, id: string) {
  const person = await ownEnabled(work, id)
  if (person.value.kind !== 'user')
    throw new ClavigerError('conflict', 'Only persons log in; give a service a token')
  return person
}

/** Links from before: there is one at a time. */
async function earlierLinks({ parts }: Work, { id, tenant }: Principal): Promise<RowReference[]> {
  const links = await listRows<Enrolment>(parts, 'enrolment', tenant, ['principal', id])
  return links
    .filter((one) => one.principal === id)
    .map((one) => ({ kind: 'enrolment' as const, id: one.id }))
}

function newLink(work: Work, { id: principal, tenant }: Principal, hours: number) {
  const id = newId()
  const { text, hash } = createTokenText(id, 'clve')
  const createdAt = work.now
  const expiresAt = createdAt + hours * HOUR_MS
  const enrolment: Enrolment = { id, tenant, principal, hash, createdAt, expiresAt }
  return {
    row: enrolmentRow(enrolment),
    absent: { kind: 'enrolment' as const, id },
    output: { id, person: principal, token: text, path: `/enrol#${text}`, expiresAt },
  }
}

/** Whoever makes a link decides who can log in as the person; once they can, that takes a reset. */
async function assertWithoutFactors(work: Work, person: Principal): Promise<void> {
  const password = await passwordOf(work, person)
  if (password !== undefined || (await factorsOf(work, person)).length > 0)
    throw new ClavigerError('conflict', 'The person can log in already; person.reset comes first')
}

export const invitePerson: ChangeVerb<'person.invite'> = {
  kind: 'change',
  async run({ person: id, hours }, work) {
    work.authorize()
    const { value, standing } = await personOf(work, id)
    await assertWithoutFactors(work, value)
    work.relyOn(() => assertWithoutFactors(work, value))
    const link = newLink(work, value, hours)
    return {
      additive: false,
      rows: [link.row],
      removals: await earlierLinks(work, value),
      absent: [link.absent, { kind: 'password', id }],
      taken: 'The person can log in already; person.reset comes first',
      unchanged: [standing],
      subject: id,
      detail: { enrolment: link.output.id, hours },
      output: link.output,
    }
  },
}

export const resetPerson: ChangeVerb<'person.reset'> = {
  kind: 'change',
  async run({ person: id, hours }, work) {
    work.authorize()
    if (id === work.caller.principal)
      throw new ClavigerError(
        'separation_violated',
        'Nobody resets their own factors; ask somebody else who may',
      )
    const { value, standing } = await personOf(work, id)
    const factors = await factorsOf(work, value)
    const password = await passwordOf(work, value)
    const logins = await endedLogins(work, value)
    const lockout = await newestRow(work.parts.store, { kind: 'lockout', id })
    const link = newLink(work, value, hours)
    return {
      additive: false,
      rows: [link.row, ...logins.rows],
      removals: [
        ...(await earlierLinks(work, value)),
        ...factors.map(({ factor }) => ({ kind: 'factor' as const, id: factor.id })),
        ...(password === undefined ? [] : [{ kind: 'password' as const, id }]),
        ...(lockout === undefined ? [] : [{ kind: 'lockout' as const, id }]),
      ],
      absent: [link.absent],
      unchanged: [
        standing,
        ...logins.unchanged,
        ...factors.map((one) => one.standing),
        ...(password === undefined ? [] : [password.standing]),
      ],
      subject: id,
      detail: { enrolment: link.output.id, factors: factors.length, logins: logins.rows.length },
      output: link.output,
    }
  },
}

/** The link that a secret belongs to, and its person. @throws LoginRefused */
async function openLink(work: Work, text: string) {
  const { parts, now } = work
  const presented = parseToken(text, 'clve')
  const row = presented && (await newestRow(parts.store, { kind: 'enrolment', id: presented.id }))
  const enrolment = row && parts.seals.open<Enrolment>(row)
  if (
    presented === undefined ||
    row === undefined ||
    enrolment === undefined ||
    !proves(presented, enrolment.hash) ||
    enrolment.usedAt !== undefined ||
    enrolment.expiresAt <= now
  )
    throw refused('link', 'link')
  const personRow = await newestRow(parts.store, { kind: 'principal', id: enrolment.principal })
  const person = personRow && parts.seals.open<Principal>(personRow)
  if (personRow === undefined || person?.state !== 'enabled')
    throw refused('link', 'disabled', enrolment.principal)
  return {
    enrolment,
    person,
    unchanged: [
      { kind: 'enrolment' as const, id: enrolment.id, revision: row.revision },
      { kind: 'principal' as const, id: person.id, revision: personRow.revision },
    ],
  }
}

export const beginEnrolment: ReadVerb<'enrolment.begin'> = {
  kind: 'read',
  async run({ token }, work) {
    work.authorizeAnybody()
    const { enrolment, person } = await openLink(work, token)
    const { parts, now } = work
    const { enrolments } = parts.begunLogins
    // Who opens the link again sees the same secret, and the app that has it already stays good.
    const secret = enrolments.find(enrolment.id, now) ?? newTotpSecret()
    enrolments.keep(enrolment.id, secret, now + BEGUN_MS)
    const tenant = await newestRow(parts.store, { kind: 'tenant', id: person.tenant })
    const { value: settings } = await readSettings(work, person.tenant)
    return {
      name: person.name,
      tenantName: tenant === undefined ? '' : parts.seals.open<Tenant>(tenant).name,
      totp: totpSetup(secret, person.name),
      passwordLength: settings.passwordLength,
      expiresAt: enrolment.expiresAt,
    }
  },
}

export const completeEnrolment: ChangeVerb<'enrolment.complete'> = {
  kind: 'change',
  async run({ token, password, totp }, work) {
    work.authorizeAnybody()
    const { enrolment, person, unchanged } = await openLink(work, token)
    const { parts, now } = work
    const { id: principal, tenant } = person
    assertAcceptable(password, person.name, (await readSettings(work, tenant)).value)
    const secret = parts.begunLogins.enrolments.find(enrolment.id, now)
    const lastStep = secret && totpStep(secret, totp.code, 0, now)
    if (secret === undefined || lastStep === undefined)
      throw new ClavigerError(
        'invalid_request',
        'The code is not the one that the app shows now; open the link again if it stays so',
        { field: 'totp.code' },
      )
    const made = await work.once(
      'hash',
      () => hashPassword(password),
      ({ hash }) => void hash.fill(0),
    )
    const about = { principal, tenant, createdAt: now }
    const app = {
      id: newId(),
      kind: 'totp',
      name: '',
      lastStep,
      lastUsedAt: now,
      ...about,
    } as const
    const { shown, codes } = newRecoveryCodes()
    const recovery = { id: newId(), kind: 'recovery', name: '', codes, ...about } as const
    const stored = { principal, tenant, hashes: [made.parameters], changedAt: now }
    const login = await newLogin(work, {
      principal: person,
      authentications: [
        { factor: 'password', at: now },
        { factor: 'totp', at: now },
      ],
    })
    work.believe({ principal, tenant, name: person.name, credential: login.login.id })
    return {
      additive: false,
      rows: [
        enrolmentRow({ ...enrolment, usedAt: now }),
        sealedPassword(work, stored, made.hash),
        factorRow(app, wrapTotp(work, tenant, app.id, secret)),
        factorRow(recovery, undefined),
        login.row,
      ],
      absent: [
        { kind: 'password', id: principal },
        { kind: 'factor', id: app.id },
        { kind: 'factor', id: recovery.id },
        login.absent,
      ],
      taken: 'The person can log in already; person.reset comes first',
      unchanged,
      subject: principal,
      detail: { enrolment: enrolment.id },
      output: { ...login.output, recoveryCodes: shown },
      after: () => parts.begunLogins.enrolments.forget(enrolment.id),
    }
  },
}
