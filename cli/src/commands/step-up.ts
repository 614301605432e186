import type { OperationName, OutputOf } from '@claviger/contract'
import { ClavigerApiError, wireInput, type CallInput, type Claviger } from '@claviger/sdk'
import { askHidden } from '../input/prompt.ts'
import { canAsk, say, type Shell } from '../shell.ts'
import { methodOf } from './names.ts'

/** Proving once more who one is, where an operation asks for it and a person sits there who can. */

/** Calls the operation; where the answer is that a fresh proof is needed, asks for a code, proves it, and calls once more. */
export async function callProving<Name extends OperationName>(
  shell: Shell,
  client: Claviger,
  name: Name,
  input: unknown,
  approval?: string,
): Promise<OutputOf<Name>> {
  const method = methodOf(client, name)
  try {
    return (await method(input, { approval })) as OutputOf<Name>
  } catch (error) {
    const demand = error instanceof ClavigerApiError ? error.stepUp : undefined
    // A code is what can be typed here; a passkey is for the pages.
    if (demand?.factors.includes('totp') !== true || !canAsk(shell)) throw error
    say(shell, 'This asks once more who you are.')
    const code = (await askHidden(shell, 'Code of your authenticator app: ')).trim()
    const { proof } = await client.login.stepUp({
      code,
      ...(demand.bound
        ? { operation: name, input: wireInput(name, input as CallInput<Name>) }
        : {}),
    })
    // Once: a second demand is told as it is.
    return (await method(input, { approval, stepUp: proof })) as OutputOf<Name>
  }
}
