/** What the server does by itself. Each job calls the gate as principal `system`; none has a way around it. */
export { checkpoints } from './checkpoints.ts'
export { Deliveries } from './deliveries.ts'
export { destruction } from './destruction.ts'
export { execution } from './execution.ts'
export { expiry } from './expiry.ts'
export { createScheduler, type Job, type Scheduler } from './job.ts'
export { createLeases } from './leases.ts'
export { rotation } from './rotation.ts'
