import { ClavigerError } from '#model'
import type { ChangeVerb, PlannedRow, ReadVerb } from '../verb.ts'
import type { Work } from '../work.ts'

/** The server's own condition: for the default tenant's owners. */
function assertOperator(work: Work): void {
  work.authorize()
  if (work.caller.tenant !== work.parts.defaultTenant()) {
    throw new ClavigerError('forbidden', 'Only the default tenant runs the server')
  }
}

/** Those who change what stands under the root key go one after the other; the turn ends with the operation. */
export async function rootTurn(work: Work): Promise<void> {
  await work.once(
    'root turn',
    () => work.parts.system.custody.turn(),
    (end) => end(),
  )
}

export const sealServer: ChangeVerb<'system.seal'> = {
  kind: 'change',
  run(_input, work) {
    assertOperator(work)
    return {
      additive: false,
      rows: [],
      subject: 'seal',
      output: { ...work.parts.system.status(), state: 'sealed' },
      after: () => work.parts.system.lock(),
    }
  },
}

export const reissueSeal: ChangeVerb<'system.reissueSeal'> = {
  kind: 'change',
  async run(input, work) {
    assertOperator(work)
    const { custody } = work.parts.system
    await rootTurn(work)
    const issued = await custody.reissue(input.proof, input.seal)
    return {
      additive: false,
      rows: [{ ...issued.row, facets: [] }],
      unchanged: [issued.standing],
      subject: 'seal',
      detail: { kind: input.seal.kind },
      output: issued.shares === undefined ? {} : { shares: [...issued.shares] },
      after: () => custody.refresh(),
    }
  },
}

export const rotateRoot: ChangeVerb<'system.rotateRoot'> = {
  kind: 'change',
  async run(input, work) {
    assertOperator(work)
    const { custody } = work.parts.system
    await rootTurn(work)
    const replaced = await custody.replaceRoot(input.proof)
    const log = await work.parts.system.rewrapLog(replaced.successor)
    const tenants: PlannedRow[] = replaced.tenants.map(({ content }) => ({
      ...content,
      facets: [],
    }))
    return {
      additive: false,
      rows: [{ ...replaced.row, facets: [] }, { ...log, facets: [] }, ...tenants],
      seals: replaced.seals,
      unchanged: [
        replaced.standing,
        ...replaced.tenants.map(({ content, revision }) => ({
          kind: content.kind,
          id: content.id,
          revision,
        })),
      ],
      subject: 'root key',
      detail: { generation: replaced.generation },
      output: { generation: replaced.generation, tenants: tenants.length },
      // Adopts the successor, whose root key the seal's row stands under now.
      after: () => custody.refresh(),
    }
  },
}

export const doctor: ReadVerb<'system.doctor'> = {
  kind: 'read',
  run(_input, work) {
    assertOperator(work)
    return work.parts.system.examine()
  },
}
