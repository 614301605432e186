import type { Target } from '#access'
import type { Purpose } from '#model'
import type { Admitted } from './admitted.ts'
import type { Subject } from './parts.ts'

/** What an operation was let do, so that it can be asked again. */

export interface Admission {
  readonly reference: string
  readonly purpose: Purpose
  readonly version: number | undefined
  readonly subject: Subject
  /** What it was let do it with. */
  readonly admitted: Admitted
}

/** What was authorized: on a key, on what a key will look like, or on the tenant. */
export interface Authorization {
  readonly target: Target
  readonly action: string
  readonly purpose: Purpose | undefined
  readonly subject: Subject
  /** What the key was named by. */
  readonly reference: string | undefined
}
