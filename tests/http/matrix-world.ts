/** Everybody who can call, and an object of each kind that belongs to somebody: what the matrix asks about. */
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Accounts, type Role } from "#integrations/accounts/accounts.ts"
import { VehicleBuilt } from "#machines/vehicle.ts"
import { DealershipId, OrderId, Vin } from "#machines/vocabulary.ts"
import { Authenticator } from "./authenticator.ts"
import { driver, heatedSeats, ownedCar } from "./garage.ts"
import { type Door, type HttpHouse, newKey, newSale, password, person, type Signed } from "./house.ts"

/** What stands for the parameters of a route. */
export type Names = Readonly<Record<string, string>>

export const service = {
  ...heatedSeats,
  term: { kind: "permanent" },
  consents: [{ text: "service-terms", edition: 1 }],
  paymentMethod: "tok_ok"
}

/** Of a column: the post, and the dealership where it has one. */
const posts: Readonly<Record<string, readonly [role: Role, dealership: string | null]>> = {
  own: ["customer", null],
  ex: ["customer", null],
  seller: ["seller", "dea_madrid"],
  colleague: ["seller", "dea_madrid"],
  manager: ["manager", "dea_madrid"],
  foreign: ["seller", "dea_berlin"],
  support: ["support", null],
  finance: ["finance", null],
  operator: ["operator", null],
  auditor: ["auditor", null],
  administrator: ["administrator", null]
}

export const matrixWorld = async (house: HttpHouse) => {
  const staffs = {
    seller: await house.signedIn("seller", "Seller 1", "dea_madrid"),
    colleague: await house.signedIn("seller", "Seller 2", "dea_madrid"),
    manager: await house.signedIn("manager", "Manager 1", "dea_madrid"),
    foreign: await house.signedIn("seller", "Seller 3", "dea_berlin"),
    support: await house.signedIn("support", "Support 1"),
    finance: await house.signedIn("finance", "Finance 1"),
    operator: await house.signedIn("operator", "Operator 1"),
    auditor: await house.signedIn("auditor", "Auditor 1"),
    administrator: await house.signedIn("administrator", "Administrator 1")
  }
  const customers = {
    own: await house.signedIn("customer", "Customer 1"),
    other: await house.signedIn("customer", "Customer 2"),
    ex: await house.signedIn("customer", "Customer 3")
  }
  const { seller } = staffs
  const { own, other, ex } = customers

  const sold = async (who: Signed, name: string, more: object = {}) => {
    const { body } = await house.call("intranet", "POST", "/api/dealer/sales", {
      token: seller.token,
      key: newKey(),
      body: newSale(name, more)
    })
    if (body.customerId !== who.subjectId) throw new Error(`${name} is somebody else`)
    return body.orderId as string
  }
  const [ownOrder, otherOrder] = [await sold(own, "Customer 1"), await sold(other, "Customer 2")]
  const sale = await sold(own, "Customer 1", { plan: "plus" })
  const paper = new TextEncoder().encode("%PDF-1.7\nidentity")
  for (const orderId of [ownOrder, otherOrder, sale])
    await house.call("intranet", "POST", `/api/dealer/sales/${orderId}/documents?kind=identityDocument`, {
      token: seller.token,
      raw: paper,
      headers: { "content-type": "application/pdf" }
    })

  const bought = async (who: Signed, vin: string) => {
    const { body } = await driver(house, who, vin).buy(service)
    if (body.activationId === undefined) throw new Error(JSON.stringify(body))
    await driver(house, who, vin).sees(body.activationId, "active", "captured")
    return body.activationId as string
  }
  const [ownVin, otherVin, soldVin] = [await ownedCar(house, own), await ownedCar(house, other), await ownedCar(house, ex)]
  const [ownService, otherService, exService] = [
    await bought(own, ownVin),
    await bought(other, otherVin),
    await bought(ex, soldVin)
  ]
  const transfer = await house.call("intranet", "POST", `/api/dealer/vehicles/${soldVin}/ownership`, {
    token: seller.token,
    key: newKey(),
    body: { sellerEmail: ex.email, buyer: person("Customer 1"), consents: [{ text: "ownership-transfer", edition: 1 }] }
  })
  if (transfer.status !== 201) throw new Error(JSON.stringify(transfer.body))

  const subscribed = async ({ token }: Signed) => {
    const { body } = await house.call("public", "GET", "/api/me/push-subscriptions", { token })
    const device = house.world.push.subscribe(body.applicationServerKey)
    return (await house.call("public", "POST", "/api/me/push-subscriptions", { token, body: device })).body.subscriptionId as string
  }
  const documentOf = async ({ token }: Signed, orderId: string) => {
    const { body } = await house.call("public", "GET", "/api/me/purchase-file/documents", { token })
    return body.documents.find((one: any) => one.orderId === orderId && one.kind === "registrationPaper").documentId as string
  }
  /** Another session of theirs, at another browser. */
  const sessionOf = async ({ email }: Signed, door: Door) =>
    (await house.runtime.runPromise(Accounts.use((accounts) => accounts.signIn(email, password, door)))).caller.sessionId
  const passkeyOf = async ({ token }: Signed, door: Door) => {
    const { origin, hostname: rpId } = new URL(door === "public" ? house.options.publicUrl : house.options.intranetUrl)
    const factors = "/api/auth/factors/passkeys"
    const { body } = await house.call(door, "POST", `${factors}/options`, { token, body: {} })
    const device = new Authenticator()
    const passkey = device.creates({ origin, rpId, challenge: body.challenge })
    const added = await house.call(door, "POST", factors, { token, body: { name: "Laptop", passkey } })
    if (added.status !== 201) throw new Error(JSON.stringify(added.body))
    return device.credentialId
  }
  const anotherOf = async (who: Signed, door: Door) => ({
    sessionId: await sessionOf(who, door),
    passkeyId: await passkeyOf(who, door)
  })
  let parted = 0
  /** Somebody of the same post, whom nothing else is asked about. */
  const another = (column: string) => {
    const [role, dealership] = posts[column]!
    return house.signedIn(role, `Parting ${++parted}`, dealership)
  }
  const ownSignIn = await anotherOf(own, "public")

  const stockVin = Vin.make("VSSZZZ6K000000777")
  await house.runtime.runPromise(
    ActorSystem.use((actors) =>
      actors.tell(
        Vehicle.at(stockVin),
        VehicleBuilt.make({
          vin: stockVin,
          orderId: OrderId.make("ord_gone"),
          model: "Modelo Uno",
          country: "ES",
          dealershipId: DealershipId.make("dea_madrid"),
          assigned: false
        }),
        { id: "test/built" }
      )
    )
  )
  await house.quiet()
  const about = `'${ownService}', '${ownVin}', '${own.subjectId}'`
  await house.rows(`
    INSERT INTO support_cases (partition, path, version, position, at, case_id, activation_id, vin, subject_id, option, reason, tries)
    VALUES (0, 'activation/matrix', 1, 0, now(), 'case_matrix', ${about}, 'heated-seats', 'silent', '[]')`)
  await house.rows(`
    INSERT INTO risk_cases (partition, path, version, position, at, case_id, kind, activation_id, vin, subject_id, payment_id, amount_minor, currency, reason)
    VALUES (0, 'activation/matrix', 1, 1, now(), 'risk_matrix', 'unpaid', ${about}, 'pay_matrix', 1, 'EUR', 'declined')`)
  const [{ id: breakId }] = (await house.rows(`
    INSERT INTO reconciliation_breaks (payment_id, kind, ours, theirs, currency, opened_at)
    VALUES ('pay_matrix', 'notRecorded', 0, 1, 'EUR', now()) RETURNING break_id::text AS id`)) as [{ id: string }]

  const text = { text: "privacy", edition: "1", language: "en" }
  const names: Readonly<Record<"own" | "sale" | "other" | "missing" | "ex", Names>> = {
    own: {
      ...text,
      orderId: ownOrder,
      vin: ownVin,
      activationId: ownService,
      subscriptionId: await subscribed(own),
      documentId: await documentOf(own, ownOrder),
      ...ownSignIn
    },
    sale: {
      ...text,
      ...(await anotherOf(seller, "intranet")),
      subjectId: (await another("auditor")).subjectId,
      orderId: sale,
      vin: ownVin,
      documentId: await documentOf(own, sale),
      customerId: own.subjectId,
      type: "order",
      id: sale,
      actor: `activation/${ownVin}/${ownService}`,
      path: encodeURIComponent(`order/${sale}`),
      commandId: encodeURIComponent(`order/${sale}#1.0`),
      caseId: "case_matrix",
      riskCaseId: "risk_matrix",
      breakId
    },
    other: {
      ...(await anotherOf(other, "public")),
      orderId: otherOrder,
      vin: otherVin,
      activationId: otherService,
      subscriptionId: await subscribed(other),
      documentId: await documentOf(other, otherOrder)
    },
    missing: {
      ...text,
      sessionId: `ses_${"f".repeat(36)}`,
      passkeyId: "f".repeat(43),
      subjectId: "sub_missing",
      edition: "99",
      orderId: `ord_${"f".repeat(20)}`,
      vin: "VSSZZZ6K999999999",
      activationId: `act_${"f".repeat(32)}`,
      subscriptionId: `push_${"f".repeat(32)}`,
      documentId: `doc_${"f".repeat(32)}`,
      customerId: "sub_missing",
      type: "order",
      id: "ord_missing",
      actor: "activation/VSSZZZ6K999999999/act_missing",
      path: encodeURIComponent("order/ord_missing"),
      commandId: encodeURIComponent("order/ord_missing#1.0"),
      caseId: "case_missing",
      riskCaseId: "risk_missing",
      breakId: "999999"
    },
    ex: {
      ...text,
      ...ownSignIn,
      orderId: ownOrder,
      vin: soldVin,
      activationId: exService,
      subscriptionId: await subscribed(own),
      documentId: await documentOf(own, ownOrder)
    }
  }
  const { applicationServerKey } = (await house.call("public", "GET", "/api/me/push-subscriptions", { token: own.token })).body
  return { staffs, customers, names, another, stockVin, applicationServerKey: applicationServerKey as string }
}
export type MatrixWorld = Awaited<ReturnType<typeof matrixWorld>>
