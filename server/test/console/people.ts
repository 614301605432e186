import type { OutputOf } from '@claviger/contract'
import { codeAt, enrolled, invited, PASSWORD } from '../harness/person.ts'
import type { Visitor } from './browser.ts'
import type { startSite } from './site.ts'

/** Persons of a real house, in front of its pages. */

export type House = Awaited<ReturnType<typeof startSite>>

const STEP_MS = 30_000

/** Somebody with factors, and what they type; each code is good once, so the clock goes on before the next. */
export async function resident({ house, clock }: House, role?: string) {
  const person = await enrolled(house)
  if (role !== undefined)
    await house.perform('binding.create', {
      role,
      principal: person.id,
      scope: { kind: 'tenant' },
    })
  const nextCode = () => {
    clock.advance(STEP_MS)
    return person.code()
  }
  return {
    ...person,
    nextCode,
    /** Types what it takes at the page of the login. */
    async type(visitor: Visitor, password = PASSWORD): Promise<void> {
      await visitor.fill('Name', person.name)
      await visitor.fill('Password', password)
      await visitor.fill('Code from your authenticator app', nextCode())
      await visitor.press('Log in')
    },
    /** Logs in and is at a page. */
    async enter(visitor: Visitor, path = '/account'): Promise<void> {
      await visitor.go(`/login?next=${encodeURIComponent(path)}`)
      await this.type(visitor)
      await visitor.arrivesAt(path.split('?')[0] ?? path)
    },
  }
}

/** Somebody who was given a link, as the browser is pointed to it. */
export async function guest({ house }: House) {
  const person = await invited(house)
  return { ...person, path: `/enrol#${person.token}` }
}

/** Opens a link and takes the way with a password and an app; what the app shows now. */
export async function choosePassword(
  { clock }: House,
  visitor: Visitor,
  path: string,
): Promise<string> {
  await visitor.open(path)
  await visitor.press('Use a password and an app instead')
  const secret = (await visitor.page.locator('.secret').textContent()) ?? ''
  return codeAt(secret.replaceAll(' ', ''), clock.now())
}

/** Fills in what that way asks for, and is through with it. */
export async function setUpPassword(visitor: Visitor, code: string): Promise<void> {
  await visitor.fill('New password', PASSWORD)
  await visitor.fill('The same once more', PASSWORD)
  await visitor.fill('Code from your authenticator app', code)
  await visitor.press('Set up password and app')
  await visitor.seesHeading('Keep your recovery codes')
}

/** Opens a link and sets up a passkey. */
export async function setUpPasskey(visitor: Visitor, path: string): Promise<void> {
  await visitor.open(path)
  await visitor.press('Make a passkey')
  await visitor.seesHeading('Have a second way in')
}

/** What the ledger says of an operation, the last time it was recorded. */
export async function lastRecord({ house }: House, event: string) {
  return (await house.entries()).findLast((entry) => entry.event === event)
}

/** A request of somebody's that two must approve, and who asked. */
export async function asked(
  { house }: House,
  comment: string,
  automatic = false,
): Promise<OutputOf<'approval.request'>> {
  const requester = await house.createUser('key-admin')
  const { id: key } = await house.createKey({ exportable: true })
  return house.perform(
    'approval.request',
    { operation: 'key.suspend', input: { key }, comment, automatic },
    requester,
  )
}
