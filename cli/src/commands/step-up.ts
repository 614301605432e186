import type { Operation } from '@claviger/contract'
import { wireFields, type Caller, type RowInput, type RowOutput } from '@claviger/sdk/call'
import { ClavigerApiError } from '@claviger/sdk/errors'
import { canAsk, say, type Shell } from '../shell.ts'

/** Proving once more who one is, where an operation asks for it and a person sits there who can. */

/** Calls the operation; where the answer is that a fresh proof is needed, asks for a code, proves it, and calls once more. */
export async function callProving<Row extends Operation>(
  shell: Shell,
  call: Caller,
  row: Row,
  given: unknown,
  approval?: string,
): Promise<RowOutput<Row>> {
  const input = given as RowInput<Row>
  try {
    return await call(row, input, { approval })
  } catch (error) {
    const demand = error instanceof ClavigerApiError ? error.stepUp : undefined
    // A code is what can be typed here; a passkey is for the pages.
    if (demand?.factors.includes('totp') !== true || !canAsk(shell)) throw error
    // Only now, since most calls need neither.
    const [{ askHidden }, { rowOf }] = await Promise.all([
      import('../input/prompt.ts'),
      import('./names.ts'),
    ])
    say(shell, 'This asks once more who you are.')
    const code = (await askHidden(shell, 'Code of your authenticator app: ')).trim()
    const { proof } = await call(rowOf('login.stepUp'), {
      code,
      ...(demand.bound ? { operation: row.name, input: wireFields(row, input) } : {}),
    })
    // Once: a second demand is told as it is.
    return await call(row, input, { approval, stepUp: proof })
  }
}
