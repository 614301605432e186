import { createHmac } from 'node:crypto'
import type { TestHouse } from './house.ts'

/** Persons who set up a password and an authenticator app. */

export const PASSWORD = 'five quiet herons by the lake'
const STEP_MS = 30_000
let persons = 0

/** The code that an app shows, computed apart from the server's own way: RFC 6238 over Base32. */
export function codeAt(secret: string, now: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'))
  const bytes = bits.join('').match(/.{8}/g) ?? []
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(now / STEP_MS)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const value = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7f_ff_ff_ff
  return String(value % 1_000_000).padStart(6, '0')
}

/** Somebody with a link that was not used; `by` is the token of an owner of the person's tenant. */
export async function invited(house: TestHouse, by = house.token) {
  persons += 1
  const name = `person-${persons}`
  const { id } = await house.perform('principal.create', { name, kind: 'user' }, { token: by })
  const { token } = await house.perform('person.invite', { person: id, hours: 1 }, { token: by })
  return {
    id,
    name,
    token,
    /** What completes the enrolment now. */
    async complete() {
      const { totp } = await house.perform('enrolment.begin', { token }, { token: undefined })
      const code = codeAt(totp.secret, house.clock.now())
      return {
        token,
        password: PASSWORD,
        totp: { code },
        carrier: 'token' as const,
        secret: totp.secret,
      }
    },
  }
}

/** Somebody who is logged in, with so many authenticator apps. */
export async function enrolled(house: TestHouse, apps = 1, by = house.token) {
  const person = await invited(house, by)
  const { secret, ...input } = await person.complete()
  const done = await house.perform('enrolment.complete', input, { token: undefined })
  const token = done.token ?? ''
  for (let more = 1; more < apps; more += 1) {
    const { id, totp } = await house.perform('factor.begin', { kind: 'totp' }, { token })
    const code = codeAt(totp?.secret ?? '', house.clock.now())
    await house.perform('factor.add', { ceremony: id, name: '', code }, { token })
  }
  const { items } = await house.perform('factor.list', {}, { token })
  return {
    ...person,
    token,
    secret,
    csrf: done.csrf,
    session: done.session.id,
    recoveryCodes: done.recoveryCodes,
    apps: items.filter(({ kind }) => kind === 'totp').map(({ id }) => id),
    password: PASSWORD,
    code: (ahead = 0) => codeAt(secret, house.clock.now() + ahead * STEP_MS),
    /** What logs them in; the step of the enrolment is used up, and one ahead is taken as well. */
    login: (ahead = 1) => ({
      name: person.name,
      password: PASSWORD,
      code: codeAt(secret, house.clock.now() + ahead * STEP_MS),
      carrier: 'token' as const,
    }),
  }
}
