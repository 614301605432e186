/** Which node works a job off, and until when (milliseconds since 1970). Its row id is the job's name. */
export interface Lease {
  readonly job: string
  /** The tenant that manages the others. */
  readonly tenant: string
  readonly node: string
  readonly until: number
}
