import { after } from 'node:test'
import { startHouse } from '../harness/house.ts'
import { newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** A house with a REST door, and people without any role, for tests of grants. */
export async function startGranting() {
  const house = await startHouse()
  after(() => house.close())
  const { owner } = restDoorOver(house)
  const { account } = await owner.call('whoami', {})
  let names = 0

  /** Somebody without any role, with the name that grants say. */
  async function person() {
    const name = `person-${(names += 1)}`
    const { client, id } = await newcomer(owner, name)
    return { client, id, name, arn: `arn:aws:iam::${account}:user/${name}` }
  }

  async function newKey(rest: { readonly algorithm?: string; readonly usage?: string } = {}) {
    return (await owner.call('key.create', rest)).id
  }

  return { house, owner, account, person, newKey }
}
