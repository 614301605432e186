import assert from 'node:assert/strict'
import type { DrivenClock } from '../../harness/clock.ts'
import type { TestHouse } from '../../harness/house.ts'
import type { enrolled } from '../../harness/person.ts'
import { pick } from '../allowed.ts'
import type { Action, Of } from './actions.ts'
import { decide, doUnder, execute, request } from './deciding.ts'
import { logIn } from './logging-in.ts'
import {
  ActorModel,
  ApprovalsModel,
  CredentialModel,
  type Doing,
  type KeyModel,
  type Ruled,
  type Where,
} from './model.ts'

/** Does to the house what random lives of rules, requests and logins are made of, and to the model what it should come to. */

const MINUTE_MS = 60_000
/** The role that may do what is asked about here. */
export const OPERATOR = 'operates-keys'

export type Person = Awaited<ReturnType<typeof enrolled>>

/** Who is there in every life: two programs and two persons. */
export interface Cast {
  readonly services: readonly string[]
  readonly persons: readonly Person[]
  readonly group: string
}

export class ApprovalLife {
  readonly house: TestHouse
  readonly #clock: DrivenClock
  readonly model = new ApprovalsModel()
  readonly cast: Cast
  readonly #life: number

  private constructor(house: TestHouse, clock: DrivenClock, cast: Cast, life: number) {
    this.house = house
    this.#clock = clock
    this.cast = cast
    this.#life = life
  }

  static async begin(
    house: TestHouse,
    clock: DrivenClock,
    how: { readonly cast: Cast; readonly life: number },
  ): Promise<ApprovalLife> {
    await house.renewToken()
    const life = new ApprovalLife(house, clock, how.cast, how.life)
    const { model } = life
    for (const team of ['a', undefined]) {
      const labels = team === undefined ? {} : { team: life.team(team) }
      const { id } = await house.createKey({ labels, exportable: true })
      model.keys.push({ id, team, isSuspended: false, changes: 0 })
    }
    model.named = model.keys[0]
    await house.perform('alias.create', { alias: life.alias, key: model.named?.id ?? '' })
    for (const id of how.cast.services) {
      const actor = new ActorModel(id, false)
      model.actors.push(actor)
      const made = await house.perform('token.create', { principal: id, description: '', days: 30 })
      model.credentials.push(new CredentialModel(actor, made.id, made.token, life.now))
    }
    for (const { id } of how.cast.persons) model.actors.push(new ActorModel(id, true))
    return life
  }

  get now(): number {
    return this.#clock.now()
  }

  get alias(): string {
    return `named-${this.#life}`
  }

  team(team: string): string {
    return `${team}-${this.#life}`
  }

  advance(minutes: number): void {
    this.#clock.advance(minutes * MINUTE_MS)
  }

  /** What is done a moment later, so that the order of things is known. */
  tick(): void {
    this.#clock.advance(1_000)
  }

  doing({ act, key: at, isNamed }: Pick<Of<'act'>, 'act' | 'key' | 'isNamed'>): Doing {
    const { named } = this.model
    const key = isNamed ? named : pick(this.model.keys, at)
    assert.ok(key !== undefined)
    return { act, key, reference: isNamed ? this.alias : key.id }
  }

  async do(taken: Action): Promise<void> {
    this.tick()
    switch (taken.do) {
      case 'policy':
      case 'changePolicy':
      case 'deletePolicy':
        return this.#policy(taken)
      case 'stepUpRule':
      case 'deleteStepUp':
        return this.#stepUpRule(taken)
      case 'bind':
      case 'unbind':
        return this.#bind(taken)
      case 'disable':
      case 'enable':
        return this.#enable(taken)
      case 'join':
      case 'leave':
        return this.#member(taken)
      case 'login':
      case 'logout':
      case 'end':
      case 'stepUp':
        return logIn(this, taken)
      case 'rotate':
      case 'point':
      case 'label':
      case 'unlabel':
        return this.#key(taken)
      case 'job':
        return execute(this)
      case 'wait':
        this.#clock.advance(taken.minutes * MINUTE_MS)
        return this.house.renewToken()
      case 'reopen':
        // Everything is forgotten, and read again from what is stored.
        await this.house.perform('system.seal', {})
        assert.equal(await this.house.unseal(), true)
        return
      case 'request':
        return request(this, taken)
      case 'approve':
      case 'reject':
      case 'withdraw':
        return decide(this, taken)
      case 'act':
      case 'actUnder':
      case 'actProved':
        return doUnder(this, taken)
      default:
        taken satisfies never
    }
  }

  #where(kind: Of<'policy'>['where'], at: number) {
    const key = pick(this.model.keys, at)
    assert.ok(key !== undefined)
    const wheres = {
      tenant: [{ kind: 'tenant' }, { kind: 'tenant' }],
      team: [
        { kind: 'team', team: 'a' },
        { kind: 'labels', selector: `team=${this.team('a')}` },
      ],
      key: [
        { kind: 'key', key },
        { kind: 'key', key: key.id },
      ],
    } as const
    const [where, scope] = wheres[kind]
    return { where: where satisfies Where, scope }
  }

  async #policy(taken: Of<'policy' | 'changePolicy' | 'deletePolicy'>): Promise<void> {
    const { house, model } = this
    const { policies, actors } = model
    if (taken.do === 'policy') {
      const { actions, approvals, hours } = taken
      const approvers = actors.filter((_, at) => taken.approvers.includes(at))
      const { where, scope } = this.#where(taken.where, taken.key)
      const { id } = await house.perform('approvalPolicy.create', {
        name: `policy ${policies.length}`,
        actions: [...actions],
        scope,
        approvals,
        principals: approvers.map((each) => each.id),
        groups: taken.isOfGroup ? [this.cast.group] : [],
        hours,
      })
      policies.push({
        id,
        actions,
        where,
        approvals,
        approvers,
        isOfGroup: taken.isOfGroup,
        hours,
        changes: 0,
        isGone: false,
      })
      return
    }
    if (taken.do === 'deletePolicy') {
      const one = pick(policies, taken.at)
      if (one === undefined) return
      await house.perform('approvalPolicy.delete', { policy: one.id })
      policies.splice(policies.indexOf(one), 1)
      one.isGone = true
      return
    }
    const one = pick(policies, taken.policy)
    if (one === undefined) return
    const approvers = actors.filter((_, at) => taken.approvers.includes(at))
    const { approvals = one.approvals } = taken
    await house.perform('approvalPolicy.update', {
      policy: one.id,
      approvals,
      principals: approvers.map(({ id }) => id),
      groups: taken.isOfGroup ? [this.cast.group] : [],
    })
    one.isOfGroup = taken.isOfGroup
    one.approvals = approvals
    one.approvers = approvers
    one.changes += 1
  }

  async #stepUpRule(taken: Of<'stepUpRule' | 'deleteStepUp'>): Promise<void> {
    const { house, model } = this
    const { stepUps } = model
    if (taken.do === 'deleteStepUp') {
      const one = pick(stepUps, taken.at)
      if (one === undefined) return
      await house.perform('stepUpRule.delete', { rule: one.id })
      stepUps.splice(stepUps.indexOf(one), 1)
      return
    }
    const { isOfDeciding, maxAgeSeconds } = taken
    const actions: Ruled[] = isOfDeciding ? ['approval.decide'] : [...taken.actions]
    const { where, scope } = this.#where(isOfDeciding ? 'tenant' : taken.where, taken.key)
    const { id } = await house.perform('stepUpRule.create', {
      name: `rule ${stepUps.length}`,
      actions,
      scope,
      factors: ['totp'],
      ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    })
    stepUps.push({ id, actions, where, maxAgeSeconds })
  }

  async #bind(taken: Of<'bind' | 'unbind'>): Promise<void> {
    const { house, model } = this
    const { rights, actors } = model
    if (taken.do === 'unbind') {
      const one = pick(rights, taken.right)
      if (one === undefined) return
      await house.perform('binding.delete', { binding: one.id })
      rights.splice(rights.indexOf(one), 1)
      return
    }
    const actor = pick(actors, taken.actor)
    if (actor === undefined) return
    const { role: wanted } = taken
    const scope = { kind: 'tenant' } as const
    const role = wanted === 'operator' ? OPERATOR : wanted
    const { id } = await house.perform('binding.create', { role, principal: actor.id, scope })
    rights.push({ id, actor, role: wanted })
  }

  async #member({ do: what, actor: at }: Of<'join' | 'leave'>): Promise<void> {
    const actor = pick(this.model.actors, at)
    const isIn = what === 'join'
    if (actor === undefined || actor.isInGroup === isIn) return
    const input = { group: this.cast.group, principal: actor.id }
    await this.house.perform(isIn ? 'group.add' : 'group.remove', input)
    actor.isInGroup = isIn
  }

  async #enable(taken: Of<'disable' | 'enable'>): Promise<void> {
    const { house, model } = this
    const actor = pick(model.actors, taken.actor)
    if (actor === undefined) return
    const isNext = taken.do === 'enable'
    if (actor.isEnabled === isNext) return
    await house.perform(`principal.${taken.do}`, { principal: actor.id })
    actor.isEnabled = isNext
    // The logins of a person end for good; the tokens of a program are its own again later.
    if (isNext || !actor.isPerson) return
    for (const each of model.credentials) if (each.actor === actor) each.hasEnded = true
  }

  /** An owner is asked, too, by the rules for the key as it is and as it would be; and a program proves nothing. */
  async #label(key: KeyModel, team: string | undefined): Promise<void> {
    const { house, model } = this
    const about = (labelled: KeyModel) => ({
      isAsked: model.asking({ act: 'key.update', key: labelled, reference: '' }).length > 0,
      isDenied: model.demanding('key.update', labelled).length > 0,
    })
    const before = about(key)
    const after = about({ ...key, team })
    const labels = team === undefined ? {} : { team: this.team(team) }
    const code = await house.codeOf('key.update', { key: key.id, labels })
    const codes = [
      ...(before.isDenied || after.isDenied ? ['forbidden'] : []),
      ...(before.isAsked || after.isAsked ? ['approval_required'] : []),
    ]
    assert.ok(codes.length === 0 ? code === 'ok' : codes.includes(code), code)
    if (code !== 'ok') return
    key.team = team
    key.changes += 1
  }

  /** What an owner does to keys, by operations that no rule here is about. */
  async #key({ do: what, key: at }: Of<'rotate' | 'point' | 'label' | 'unlabel'>): Promise<void> {
    const { house, model } = this
    const key: KeyModel | undefined = pick(model.keys, at)
    assert.ok(key !== undefined)
    if (what === 'rotate') {
      if (key.isSuspended) return
      await house.perform('key.rotate', { key: key.id })
      key.changes += 1
      return
    }
    if (what !== 'point') return this.#label(key, what === 'label' ? 'a' : undefined)
    await house.perform('alias.update', { alias: this.alias, key: key.id })
    model.named = key
  }

  /** The house shows what the model says. */
  async compare(): Promise<void> {
    for (const { id, state, expiresAt } of this.model.requests) {
      const view = await this.house.perform('approval.get', { approval: id })
      assert.deepEqual([view.state, view.expiresAt], [state, expiresAt])
    }
    for (const { id, isSuspended } of this.model.keys) {
      const { state } = await this.house.perform('key.get', { key: id })
      assert.equal(state, isSuspended ? 'suspended' : 'active')
    }
  }

  /** Nothing of it holds in the lives after it. */
  async end(): Promise<void> {
    const { model } = this
    for (const [at, { isInGroup }] of model.actors.entries())
      if (isInGroup) await this.#member({ do: 'leave', actor: at })
    for (const actor of model.actors)
      await this.#enable({ do: 'enable', actor: model.actors.indexOf(actor) })
    while (model.policies.length > 0) await this.#policy({ do: 'deletePolicy', at: 0 })
    while (model.stepUps.length > 0) await this.#stepUpRule({ do: 'deleteStepUp', at: 0 })
    while (model.rights.length > 0) await this.#bind({ do: 'unbind', right: 0 })
    // What was approved and not done is not done in another life.
    for (const { id } of model.keys)
      await this.house.perform('key.rotate', { key: id }).catch(() => 0)
    await this.house.runJob('execution')
  }
}
