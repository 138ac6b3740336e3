/** How a car that an older version of its chart left is brought to the next. Once released, none of these is edited: journals were begun with it. */
import type { StateValue } from "xstate"
import type { VehicleContext } from "./vehicle-rules.ts"

interface Left {
  readonly value: StateValue
  readonly context: object
}

type OfTheFirst = "vin" | "model" | "country" | "dealershipId" | "orderId" | "lineage" | "stockedAt"

/**
 * The first chart knew custody and assignment, and no services: its cars have no key, so nothing can be switched on in them, and nobody had
 * told it who they were handed to.
 */
export const toServices = <L extends Left>(left: L) => ({
  ...left,
  value: {
    ...(left.value as Readonly<Record<"custody" | "assignment", string>>),
    app: "unlinked",
    security: "secure",
    warranty: "valid",
    configuration: "synchronised"
  },
  context: {
    ...left.context,
    ...({
      key: null,
      owner: null,
      purchases: [],
      trials: [],
      desired: [],
      cfgVersion: 0,
      sending: { count: 0, again: 0, spoken: false, nextAt: null, questions: 0, asked: 0, askAt: null, healed: 0 },
      reported: null,
      pairing: null,
      phoneId: null,
      remote: [],
      theft: null,
      maintenance: null,
      warrantyLost: null
    } satisfies Omit<VehicleContext, OfTheFirst>)
  }
})
