import assert from 'node:assert/strict'
import type { DrivenClock } from '../../harness/clock.ts'
import { codeOf, type TestHouse } from '../../harness/house.ts'
import { allowedOr, pick } from '../allowed.ts'
import type { CaseModel } from './case-model.ts'
import type { FamilyModel, MemberModel } from './model.ts'
import { PoliciesModel } from './policies.ts'
import type { Dates, VersionModel } from './versions.ts'

/** What there is in one random life of related keys: the house, and the model of what is in it. */

const refusals = [
  'wrong_state',
  'wrong_usage',
  'conflict',
  'not_found',
  'limit_reached',
  'policy_violated',
] as const

export const allowed = allowedOr(...refusals)

/** A ciphertext or a signature. */
export interface Made {
  readonly family: FamilyModel
  readonly version: VersionModel
  readonly text: string
  readonly bytes: Uint8Array
}

/** A key, and the family that it is one of. */
export interface Place {
  readonly family: FamilyModel
  readonly member: MemberModel
}

/** In hours from now. */
interface GivenDates {
  readonly protectStop?: number
  readonly processStop?: number
}

export interface Name {
  readonly id: string
  readonly isSigning: boolean
}

export class Scene {
  readonly house: TestHouse
  readonly #clock: DrivenClock
  readonly familiesMax: number
  readonly families: FamilyModel[] = []
  readonly made: Made[] = []
  readonly cases: CaseModel[] = []
  readonly policies = new PoliciesModel()
  /** What names point at. */
  readonly names = new Map<string, Name>()
  /** The principal who does everything. */
  owner = ''

  readonly #life: number

  constructor(
    house: TestHouse,
    clock: DrivenClock,
    how: { readonly families: number; readonly life: number },
  ) {
    this.house = house
    this.#clock = clock
    this.familiesMax = how.families
    this.#life = how.life
  }

  /** Each life has names of its own. */
  nameOf(alias: string): string {
    return `${alias}-${this.#life}`
  }

  get now(): number {
    return this.#clock.now()
  }

  get places(): readonly Place[] {
    return this.families.flatMap((family) => family.members.map((member) => ({ family, member })))
  }

  /** So many hours from now; undefined for never. */
  at(hours: number | undefined): number | undefined {
    return hours === undefined ? undefined : this.now + hours * 3_600_000
  }

  /** Dates as the model has them. */
  datesOf({ protectStop, processStop }: GivenDates): Dates {
    return { protectStopAt: this.at(protectStop), processStopAt: this.at(processStop) }
  }

  async wait(hours: number): Promise<void> {
    this.#clock.advance(hours * 3_600_000)
    await this.house.renewToken()
  }

  after(days: number): number {
    return this.now + days * 86_400_000
  }
}

/** With input that makes no sense, such as dates in another order, something is refused as well, for that or for another reason. */
export async function senseless(doing: Promise<unknown>): Promise<void> {
  const code = await codeOf(doing)
  const codes = ['invalid_request', ...refusals]
  assert.ok(codes.includes(code), `it is to be refused, and was answered with ${code}`)
}

/** One of a family's versions, with its number. */
export function versionAt(family: FamilyModel, at: number) {
  const version = pick(family.versions, at)
  assert.ok(version !== undefined)
  return { version, number: family.numberOf(version) }
}

/** What is given is given; what is not is left out. */
export function inInput({ protectStopAt, processStopAt }: Dates) {
  return {
    ...(protectStopAt === undefined ? {} : { protectStopAt }),
    ...(processStopAt === undefined ? {} : { processStopAt }),
  }
}

export function isDated(dates: Dates): boolean {
  return Object.keys(inInput(dates)).length > 0
}
