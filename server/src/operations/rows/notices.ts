import { deliveryId, dueOfDelivery, type Delivery, type Subscription } from '#model'
import type { PlannedRow } from '../verb.ts'

/** Rows of what is told to whom. */

/** `wrappedSecret` is what signs, under the tenant's key. */
export function subscriptionRow(
  subscription: Subscription,
  wrappedSecret: Uint8Array | undefined,
): PlannedRow {
  const { id, tenant, scope } = subscription
  return {
    kind: 'subscription',
    id,
    tenant,
    value: subscription,
    ...(wrappedSecret === undefined ? {} : { material: wrappedSecret }),
    facets: scope.kind === 'dependent' ? [['dependent', scope.dependent]] : [],
  }
}

/** What waits, or was given up. */
export function deliveryRow(kind: 'delivery' | 'deadLetter', delivery: Delivery): PlannedRow {
  const { tenant, subscription, notice } = delivery
  return {
    kind,
    id: deliveryId(subscription, notice),
    tenant,
    value: delivery,
    facets: [['subscription', subscription]],
    due: kind === 'delivery' ? dueOfDelivery(delivery) : [],
  }
}
