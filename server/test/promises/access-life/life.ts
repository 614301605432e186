import assert from 'node:assert/strict'
import type { DrivenClock } from '../../harness/clock.ts'
import type { TestHouse } from '../../harness/house.ts'
import { allowedOr, pick } from '../allowed.ts'
import type { Action, Of } from './actions.ts'
import { AccessModel, PrincipalModel, type GroupModel, type Where } from './model.ts'
import { putPolicy } from './policies.ts'

/** Does to the house what random lives of rights are made of, and asks it what the model is asked. */

const allowed = allowedOr('conflict', 'unauthenticated')

const PRINCIPALS_MAX = 3
const GROUPS_MAX = 2
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** From where something is asked: the beginning of an address in each network. */
const sources = { '10.0.0.0/8': '10', '192.0.2.0/24': '192.0.2' } as const

export type Network = keyof typeof sources

export class AccessLife {
  readonly house: TestHouse
  readonly #clock: DrivenClock
  readonly model = new AccessModel()
  /** What is called the same in another life is something else. */
  readonly #life: number
  #asked = 0
  #groups = 0

  private constructor(house: TestHouse, clock: DrivenClock, life: number) {
    this.house = house
    this.#clock = clock
    this.#life = life
  }

  /** With two keys and two principals. */
  static async begin(house: TestHouse, clock: DrivenClock, number: number): Promise<AccessLife> {
    await house.renewToken()
    const life = new AccessLife(house, clock, number)
    for (const team of ['a', undefined]) {
      const { id } = await house.createKey(team === undefined ? {} : { labels: life.labels(team) })
      const made = await house.perform('encrypt', { key: id, plaintext: Buffer.from('text') })
      life.model.keys.push({ id, ciphertext: made.ciphertext, team, policy: undefined })
      await life.#principal()
    }
    return life
  }

  get now(): number {
    return this.#clock.now()
  }

  named(name: string): string {
    return `${name}-${this.#life}`
  }

  labels(team: string) {
    return { team: this.named(team) }
  }

  async do(taken: Action): Promise<void> {
    const { house, model } = this
    switch (taken.do) {
      case 'wait':
        this.#clock.advance(taken.minutes * 60_000)
        return house.renewToken()
      case 'reopen':
        // Everything is forgotten, and read again from what is stored.
        await house.perform('system.seal', {})
        assert.equal(await house.unseal(), true)
        return
      case 'principal':
        if (model.principals.length < PRINCIPALS_MAX) await this.#principal()
        return
      case 'disable':
      case 'enable':
        return this.#state(taken)
      case 'token':
        return this.#token(taken)
      case 'revokeToken':
        return this.#revokeToken(taken)
      case 'secret':
      case 'exchange':
      case 'revokeSecret':
        return this.#secret(taken)
      case 'group':
      case 'ungroup':
        return this.#group(taken)
      case 'join':
      case 'leave':
        return this.#member(taken)
      case 'role':
      case 'deleteRole':
        return this.#role(taken)
      case 'bind':
        return this.#bind(taken)
      case 'unbind':
        return this.#unbind(taken)
      case 'grant':
      case 'revokeGrant':
        return this.#grant(taken)
      case 'label':
      case 'point':
      case 'unname':
        return this.#key(taken)
      case 'putPolicy':
        return putPolicy(this, taken)
      case 'demand':
      case 'relax':
        return this.#policy(taken)
      default:
        taken satisfies never
    }
  }

  async #state(taken: Of<'disable' | 'enable'>): Promise<void> {
    const one = pick(this.model.principals, taken.principal)
    if (one === undefined) return
    const isNext = taken.do === 'enable'
    const doing = this.house.perform(`principal.${taken.do}`, { principal: one.id })
    await allowed(doing, one.enabled !== isNext, () => (one.enabled = isNext))
  }

  async #unbind({ binding }: Of<'unbind'>): Promise<void> {
    const { bindings } = this.model
    const one = pick(bindings, binding)
    if (one === undefined) return
    await this.house.perform('binding.delete', { binding: one.id })
    bindings.splice(bindings.indexOf(one), 1)
  }

  async #policy(taken: Of<'demand' | 'relax'>): Promise<void> {
    const { policies } = this.model
    if (taken.do === 'relax') {
      const policy = policies.pop()
      if (policy === undefined) return
      await this.house.perform('lifecyclePolicy.delete', { policy, reason: 'it goes' })
      return
    }
    const { id } = await this.house.perform('lifecyclePolicy.create', {
      name: this.named(`policy ${policies.length}`),
      scope: { kind: 'tenant' },
      rules: { algorithms: ['AES-256-GCM'] },
    })
    policies.push(id)
  }

  async #principal(): Promise<void> {
    const name = this.named(`program-${this.model.principals.length}`)
    const { id } = await this.house.perform('principal.create', { name, kind: 'service' })
    this.model.principals.push(new PrincipalModel(id, name))
  }

  async #token({ principal: at, days }: Of<'token'>): Promise<void> {
    const principal = pick(this.model.principals, at)
    if (principal === undefined) return
    const made = { principal: principal.id, description: '', days }
    const doing = this.house.perform('token.create', made)
    const given = await allowed(doing, principal.enabled, () => undefined)
    if (given === undefined) return
    const { id, token: text } = given
    const expiresAt = this.now + days * DAY_MS
    const credential = { id, text, principal, expiresAt, rests: undefined, revoked: false }
    this.model.credentials.push(credential)
  }

  async #revokeToken({ credential: at }: Of<'revokeToken'>): Promise<void> {
    const tokens = this.model.credentials.filter(({ rests }) => rests === undefined)
    const one = pick(tokens, at)
    if (one === undefined) return
    const doing = this.house.perform('token.revoke', { token: one.id })
    await allowed(doing, !one.revoked, () => (one.revoked = true))
  }

  async #secret(taken: Of<'secret' | 'exchange' | 'revokeSecret'>): Promise<void> {
    const { house, model } = this
    if (taken.do === 'secret') {
      const principal = pick(model.principals, taken.principal)
      if (principal === undefined) return
      const { days, uses } = taken
      const input = { principal: principal.id, description: '', networks: [], days }
      const counted = uses === undefined ? input : { ...input, uses }
      const doing = house.perform('secretId.create', counted)
      const made = await allowed(doing, principal.enabled, () => undefined)
      if (made === undefined) return
      const { id, secret } = made
      const expiresAt = this.now + days * DAY_MS
      const usesLeft = uses ?? Infinity
      model.secrets.push({ id, secret, principal, expiresAt, usesLeft, revoked: false })
      return
    }
    const one = pick(model.secrets, taken.secret)
    if (one === undefined) return
    if (taken.do === 'revokeSecret') {
      const doing = house.perform('secretId.revoke', { secretId: one.id })
      await allowed(doing, !one.revoked, () => (one.revoked = true))
      return
    }
    const { principal, secret } = one
    const { seconds } = taken
    const doing = house.perform(
      'secretId.exchange',
      { principal: principal.id, secret, seconds },
      { token: undefined, source: this.source('10.0.0.0/8') },
    )
    const may = model.mayExchange(one, this.now)
    const got = await allowed(doing, may, () => (one.usesLeft -= 1))
    if (got === undefined) return
    const expiresAt = Math.min(this.now + seconds * 1_000, one.expiresAt)
    const { token: text } = got
    model.credentials.push({ id: one.id, text, principal, expiresAt, rests: one, revoked: false })
  }

  async #group(taken: Of<'group' | 'ungroup'>): Promise<void> {
    const { house, model } = this
    const { groups } = model
    if (taken.do === 'group') {
      if (groups.length >= GROUPS_MAX) return
      this.#groups += 1
      const { id } = await house.perform('group.create', {
        name: this.named(`group ${this.#groups}`),
      })
      groups.push({ id, members: new Set() })
      return
    }
    const group = pick(groups, taken.group)
    if (group === undefined) return
    const isFree = model.bindings.every(({ to }) => to !== group)
    await allowed(house.perform('group.delete', { group: group.id }), isFree, () =>
      groups.splice(groups.indexOf(group), 1),
    )
  }

  async #member(taken: Of<'join' | 'leave'>): Promise<void> {
    const { house, model } = this
    const group = pick(model.groups, taken.group)
    const principal = pick(model.principals, taken.principal)
    if (group === undefined || principal === undefined) return
    const { members } = group
    const input = { group: group.id, principal: principal.id }
    const isIn = members.has(principal)
    if (taken.do === 'join')
      await allowed(house.perform('group.add', input), !isIn, () => members.add(principal))
    else if (isIn) {
      await house.perform('group.remove', input)
      members.delete(principal)
    }
  }

  async #role(taken: Of<'role' | 'deleteRole'>): Promise<void> {
    const { house, model } = this
    const name = this.named(taken.role)
    const before = model.roles.find((role) => role.name === name)
    if (taken.do === 'role') {
      const input = { role: name, actions: [...taken.acts] }
      if (before === undefined) {
        await house.perform('role.create', { ...input, summary: '' })
        model.roles.push({ name, actions: taken.acts })
        return
      }
      await house.perform('role.update', input)
      before.actions = taken.acts
      return
    }
    if (before === undefined) return
    const isFree = model.bindings.every(({ role }) => role !== name)
    await allowed(house.perform('role.delete', { role: name }), isFree, () =>
      model.roles.splice(model.roles.indexOf(before), 1),
    )
  }

  async #bind(taken: Of<'bind'>): Promise<void> {
    const { model } = this
    const { bytesMax, network } = taken
    const own = model.roles.find(({ name }) => name === this.named(taken.role))?.name
    const isOwn = taken.role === 'one' || taken.role === 'two'
    const role = isOwn ? own : taken.role
    const to: PrincipalModel | GroupModel | undefined = taken.isGroup
      ? pick(model.groups, taken.to)
      : pick(model.principals, taken.to)
    if (role === undefined || to === undefined) return
    const { where, scope } = this.#where(taken.where)
    const expiresAt = taken.hours === undefined ? undefined : this.now + taken.hours * HOUR_MS
    const conditions = {
      ...(bytesMax === undefined ? {} : { bytesMax }),
      ...(network === undefined ? {} : { networks: [network] }),
    }
    const { id } = await this.house.perform('binding.create', {
      role,
      principal: to.id,
      scope,
      ...(Object.keys(conditions).length === 0 ? {} : { conditions }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
    model.bindings.push({
      id,
      role,
      to,
      where,
      expiresAt: expiresAt ?? Infinity,
      bytesMax,
      network,
    })
  }

  #where(asked: Of<'bind'>['where']) {
    switch (asked.kind) {
      case 'labels': {
        const where: Where = { kind: 'labels', team: asked.team }
        const selector = `team=${this.named(asked.team)}`
        return { where, scope: { kind: 'labels', selector } as const }
      }
      case 'key': {
        const key = pick(this.model.keys, asked.key)
        assert.ok(key !== undefined)
        return {
          where: { kind: 'key', key } as const,
          scope: { kind: 'key', key: key.id } as const,
        }
      }
      case 'alias': {
        const prefix = `${this.#life}/app-`
        const scope = { kind: 'alias', pattern: `${prefix}*` } as const
        return { where: { kind: 'alias', prefix } as const, scope }
      }
      case 'tenant':
        return { where: { kind: 'tenant' } as const, scope: { kind: 'tenant' } as const }
      default:
        return asked satisfies never
    }
  }

  async #grant(taken: Of<'grant' | 'revokeGrant'>): Promise<void> {
    const { house, model } = this
    if (taken.do === 'revokeGrant') {
      const one = pick(model.grants, taken.grant)
      if (one === undefined) return
      await house.perform('grant.revoke', { key: one.key.id, grant: one.id })
      model.grants.splice(model.grants.indexOf(one), 1)
      return
    }
    const to = pick(model.principals, taken.principal)
    const key = pick(model.keys, taken.key)
    if (to === undefined || key === undefined) return
    const { act } = taken
    const { id } = await house.perform('grant.create', {
      key: key.id,
      grantee: to.name,
      operations: [act === 'encrypt' ? 'Encrypt' : 'Decrypt'],
    })
    model.grants.push({ id, to, key, act })
  }

  async #key(taken: Of<'label' | 'point' | 'unname'>): Promise<void> {
    const { house, model } = this
    if (taken.do === 'unname') {
      const alias = `${this.#life}/${taken.name}`
      if (model.names.delete(alias)) await house.perform('alias.delete', { alias })
      return
    }
    const key = pick(model.keys, taken.key)
    if (key === undefined) return
    if (taken.do === 'label') {
      const { team } = taken
      const labels = team === undefined ? {} : this.labels(team)
      await house.perform('key.update', { key: key.id, labels })
      key.team = team
      return
    }
    const alias = `${this.#life}/${taken.name}`
    const isThere = model.names.has(alias)
    await house.perform(isThere ? 'alias.update' : 'alias.create', { alias, key: key.id })
    model.names.set(alias, key)
  }

  /** Failures of one source are bounded, and so each comes from another. */
  source(network: Network): string {
    this.#asked += 1
    const last = this.#asked % 250
    const middle = Math.floor(this.#asked / 250) % 250
    return network === '10.0.0.0/8' ? `10.${this.#life % 250}.${middle}.${last}` : `192.0.2.${last}`
  }

  /** Nothing of it holds in the lives after it. */
  async end(): Promise<void> {
    while (this.model.policies.length > 0) await this.do({ do: 'relax' })
  }
}
