import type { TestHouse } from './house.ts'
import { enrolled } from './person.ts'

/** Rights behind glass, and persons who break it. */

let roles = 0

/** Somebody who is logged in and may break glass, and nothing else. */
export async function responder(house: TestHouse) {
  roles += 1
  const role = `responder-${roles}`
  await house.perform('role.create', { role, summary: '', actions: ['breakGlass.open'] })
  const person = await enrolled(house)
  await house.perform('binding.create', {
    role,
    principal: person.id,
    scope: { kind: 'tenant' },
  })
  return person
}

/** A right behind glass with its code. */
export function putBehindGlass(
  house: TestHouse,
  about: { readonly role?: string; readonly waivesApprovals?: boolean } = {},
) {
  return house.perform('breakGlass.create', {
    name: 'fire',
    role: about.role ?? 'key-admin',
    scope: { kind: 'tenant' },
    minutes: 30,
    waivesApprovals: about.waivesApprovals ?? false,
  })
}

/** A right behind glass once nothing waits for a review. */
async function sealed(house: TestHouse) {
  await reviewAll(house)
  return putBehindGlass(house)
}

async function opened(house: TestHouse): Promise<string> {
  const { id: glass, code } = await sealed(house)
  const { token } = await responder(house)
  await house.perform('breakGlass.open', { glass, code, reason: 'fire' }, { token })
  return glass
}

async function reviewAll(house: TestHouse): Promise<void> {
  const { items } = await house.perform('breakGlass.list', { limit: 1_000 })
  for (const { id: glass, state } of items) {
    if (state === 'open') await house.perform('breakGlass.close', { glass })
    if (state === 'open' || state === 'ended')
      await house.perform('breakGlass.review', { glass, verdict: 'justified', comment: 'fire' })
  }
}

/** For every operation of it an input that succeeds. */
export function emergencyInputs(house: TestHouse) {
  return {
    'breakGlass.create': async () => {
      await reviewAll(house)
      return {
        name: 'fire',
        role: 'key-admin',
        scope: { kind: 'tenant' } as const,
        minutes: 30,
        waivesApprovals: false,
      }
    },
    'breakGlass.list': async () => ({ limit: 10 }),
    'breakGlass.delete': async () => ({ glass: (await sealed(house)).id }),
    'breakGlass.open': async () => {
      const { id: glass, code } = await sealed(house)
      return { glass, code, reason: 'fire' }
    },
    'breakGlass.close': async () => ({ glass: await opened(house) }),
    'breakGlass.review': async () => {
      const glass = await opened(house)
      await house.perform('breakGlass.close', { glass })
      return { glass, verdict: 'justified' as const, comment: 'there was a fire' }
    },
  }
}
