import { createTokenText, listRows } from '#access'
import { newestRow, newId } from '#keyring'
import { ClavigerError, type Enrolment, type Principal } from '#model'
import type { RowReference } from '#store'
import { canLogIn, linksOf } from '../../logins/provider-links.ts'
import { factorsOf, passwordOf } from '../../logins/stored.ts'
import { enrolmentRow } from '../../rows/logins.ts'
import { allOf, holds } from '../../until-recorded.ts'
import type { ChangeVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { ownEnabled } from '../own.ts'
import { endedLogins } from './logins.ts'

/** How a person comes to a link for setting up factors, which is used once. */

const HOUR_MS = 3_600_000

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

/** The same, none of which is left out that comes before they are taken away. @throws ClavigerError conflict */
function linksToEnd(work: Work, person: Principal): Promise<RowReference[]> {
  return allOf(
    work,
    () => earlierLinks(work, person),
    ({ id }) => [id],
    'Somebody has just made the person a link; do it again',
  )
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
  if (await canLogIn(work, person))
    throw new ClavigerError('conflict', 'The person can log in already; person.reset comes first')
}

export const invitePerson: ChangeVerb<'person.invite'> = {
  kind: 'change',
  async run({ person: id, hours }, work) {
    work.authorize()
    const { value, standing } = await personOf(work, id)
    await holds(work, () => assertWithoutFactors(work, value))
    const link = newLink(work, value, hours)
    return {
      additive: false,
      rows: [link.row],
      removals: await linksToEnd(work, value),
      absent: [link.absent, { kind: 'password', id }],
      taken: 'The person can log in already; person.reset comes first',
      unchanged: [standing],
      subject: id,
      detail: { enrolment: link.output.id, hours },
      output: link.output,
    }
  },
}

/** What is set up while a reset takes everything away must not outlast it. */
const SET_UP = 'The person has just set something up; do it again, or disable the person first'

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
    const factors = await allOf(
      work,
      () => factorsOf(work, value),
      ({ factor }) => [factor.id],
      SET_UP,
    )
    const password = await passwordOf(work, value)
    const logins = await endedLogins(work, value)
    const lockout = await newestRow(work.parts.store, { kind: 'lockout', id })
    const links = await allOf(
      work,
      () => linksOf(work, value),
      (one) => [one.id],
      SET_UP,
    )
    const link = newLink(work, value, hours)
    return {
      additive: false,
      rows: [link.row, ...logins.rows],
      removals: [
        ...(await linksToEnd(work, value)),
        ...factors.map(({ factor }) => ({ kind: 'factor' as const, id: factor.id })),
        ...links.map((one) => ({ kind: 'loginLink' as const, id: one.id })),
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
