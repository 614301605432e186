import type { CaseStep, OperationName, OutputOf } from '@claviger/contract'

/** Going through a case: whatever comes next is done, until there is something to wait for. */

export type Case = OutputOf<'compromise.get'>

type Input = Record<string, unknown>

export interface Procedure {
  /** Calls an operation whose answer is the case. */
  readonly call: (name: OperationName, input: Input) => Promise<Case>
  /** The window of the destruction, in days. */
  readonly days: number
  /** Why the key is revoked and the case closed though something is left. */
  readonly anyway: string | undefined
  /** Told how the case stands, and how it stood before: the server takes steps, too. */
  readonly moved: (view: Case, before: Case) => void
  /** Where somebody else has to do something first: whether to look again. */
  readonly wait: (view: Case) => Promise<boolean>
}

/** Goes on with a case, from wherever it stands, until it is closed or there is nothing to do but wait. */
export async function goOn(procedure: Procedure, opened: Case): Promise<Case> {
  const of = { case: opened.id }
  let view = opened
  while (view.next !== 'closed') {
    const step = view.next
    const input = inputOf(procedure, step)
    if (input === undefined) {
      if (!(await procedure.wait(view))) return view
      view = move(procedure, view, await procedure.call('compromise.get', of))
      continue
    }
    const { name, rest } = input
    view = move(procedure, view, await procedure.call(name, { ...of, ...rest }))
  }
  return view
}

function move({ moved }: Procedure, before: Case, view: Case): Case {
  moved(view, before)
  return view
}

/** What to call for a step; undefined where somebody else is to do something, and nobody orders to go on anyway. */
function inputOf(
  { days, anyway }: Procedure,
  step: CaseStep,
): { readonly name: OperationName; readonly rest: Input } | undefined {
  const ordered = anyway === undefined ? {} : { anyway }
  switch (step) {
    case 'assess':
      return { name: 'compromise.assess', rest: {} }
    case 'rewrap':
      return { name: 'compromise.rewrap', rest: {} }
    case 'revoke':
      return { name: 'compromise.revoke', rest: {} }
    case 'wait':
      return anyway === undefined ? undefined : { name: 'compromise.revoke', rest: ordered }
    case 'destroy':
      return { name: 'compromise.destroy', rest: { days } }
    case 'acknowledge':
      return anyway === undefined ? undefined : { name: 'compromise.close', rest: ordered }
    case 'close':
      return { name: 'compromise.close', rest: ordered }
    case 'closed':
      return undefined
    default:
      return step satisfies never
  }
}
