/** Two customers of two dealerships, each with a row of everything that is somebody's; and a car that the first sold to the second. */
import type { SQL } from "bun"

export const worlds = {
  zoe: { subject: "sub_zoe", dealership: "dea_madrid", seller: "sub_seller-of-zoe" },
  bob: { subject: "sub_bob", dealership: "dea_berlin", seller: "sub_seller-of-bob" }
} as const
export type World = keyof typeof worlds

/** As the owner of the tables, who passes by row security. */
export const twoWorlds = async (sql: SQL) => {
  for (const world of Object.keys(worlds) as ReadonlyArray<World>) await oneWorld(sql, world)
  await soldOn(sql)
}

const oneWorld = async (sql: SQL, world: World) => {
  const { subject, dealership, seller } = worlds[world]
  const [order, vin, service] = [`ord_${world}`, `VSS${world.toUpperCase()}00000000001`, `act_${world}`]
  const paths = [`order/${order}`, `vehicle/${vin}`, `activation/${vin}/${service}`]
  for (const [n, path] of paths.entries()) {
    const type = path.split("/")[0]!
    await actor(sql, { path, type, dealership: type === "activation" ? null : dealership, subject, vin, context: { of: world } })
    for (const table of ["journal", "archive.journal"])
      await turn(sql, { table, path, version: table === "journal" ? 2 : 1, messageId: `partner/${world}/${n}/${table}` })
  }
  await turn(sql, { path: "order/ord_nobody", version: world === "zoe" ? 1 : 2, messageId: `${seller}/sell/${world}` })
  await sql`
    INSERT INTO ledger (partition, path, version, position, at, order_id, kind, payment_id, debit, credit, amount_minor, currency, subject_id)
    VALUES (0, ${paths[0]}, 2, 0, now(), ${order}, 'depositReceived', ${`pay_${world}`}, 'gateway', 'customerDeposits', 1, 'EUR', ${subject})`
  await sql`
    INSERT INTO vehicle_owners (partition, path, version, position, at, vin, subject_id)
    VALUES (0, ${paths[1]}, 1, 0, now(), ${vin}, ${subject})`
  await sql`
    INSERT INTO documents (order_id, kind, sha256, bytes, media_type, size, by, at)
    VALUES (${order}, 'identityDocument', encode(sha256(${world}::bytea), 'hex'), ${world}::bytea, 'application/pdf', 3, ${seller}, now())`
  await sql`
    INSERT INTO purchase_papers (document_id, command_id, subject_id, kind, title, media_type, size, sha256, bytes, order_id, at)
    VALUES ('doc_' || md5(${world}), ${`order/${order}#1.0`}, ${subject}, 'invoice', 'Factura', 'text/plain', 3, encode(sha256(${world}::bytea), 'hex'),
            ${world}::bytea, ${order}, now())`
  const key = `key_${Bun.CryptoHasher.hash("md5", world, "hex")}`
  await sql`
    INSERT INTO paper_keys (key_id, subject_id, paper_class, country, year, wrapped_key, created_at, kept_until)
    VALUES (${key}, ${subject}, 'tax', 'ES', 2026, ${Buffer.alloc(60)}, now(), now())`
  await sql`
    INSERT INTO purchase_papers (document_id, command_id, subject_id, kind, title, media_type, size, sha256, key_id, sealed, order_id, at)
    VALUES ('doc_' || md5(${`${world} sealed`}), ${`order/${order}#1.2`}, ${subject}, 'invoice', 'Factura', 'text/plain', 3,
            encode(sha256(${world}::bytea), 'hex'), ${key}, ${Buffer.alloc(3 + 28)}, ${order}, now())`
  await sql`
    INSERT INTO telemetry (vin, heard_at, car_at, odometer_metres, charge_percent, parked, cabin_celsius)
    VALUES (${vin}, now() + interval '1 second', now(), 1, 50, true, 20)`
  await sql`
    INSERT INTO purchase_file_reads (at, customer_id, by_subject_id, role, dealership_id, order_id, what)
    VALUES (now(), ${subject}, ${seller}, 'seller', ${dealership}, ${order}, 'file')`
  await sql`
    INSERT INTO notifications (notice_id, subject_id, occasion, class, card, facts, order_id, at)
    VALUES (${`order/${order}#1.1`}, ${subject}, 'SaleRegistered', 'contract', ${order}, '{}', ${order}, now())`
  await sql`
    INSERT INTO notification_deliveries (notice_id, channel, message_id, state, due_at)
    VALUES (${`order/${order}#1.1`}, 'mail', ${`mail_${world}`}, 'waiting', now())`
  await sql`INSERT INTO notification_preferences (subject_id, class, channels, changed_at) VALUES (${subject}, 'contract', '{mail}', now())`
  await sql`
    INSERT INTO push_subscriptions (subscription_id, subject_id, wrapped_key, nonce, ciphertext, created_at)
    VALUES ('push_' || md5(${world}), ${subject}, ${world}::bytea, ${world}::bytea, ${world}::bytea, now())`
}

export const soldOnVin = "VSS00000000000002"

/** Zoe had it from its second version on, and sold it with its fifth. Her service stayed with the car. */
const soldOn = async (sql: SQL) => {
  const path = `vehicle/${soldOnVin}`
  const about = { dealership: worlds.zoe.dealership, vin: soldOnVin }
  await actor(sql, {
    ...about,
    path: "order/ord_zoe2",
    type: "order",
    subject: worlds.zoe.subject,
    context: { registration: { plate: "1234 BBB" } }
  })
  await actor(sql, { ...about, path, type: "vehicle", subject: worlds.bob.subject, context: { orderId: "ord_zoe2" } })
  const context = { activationId: "act_stays", activeSince: "2026-01-01T00:00:00.000Z", terms: { option: "heated-seats" } }
  await actor(sql, {
    ...about,
    path: `activation/${soldOnVin}/act_stays`,
    type: "activation",
    dealership: null,
    subject: worlds.zoe.subject,
    context,
    state: "service.active+money.captured"
  })
  for (let version = 1; version <= 8; version++) await turn(sql, { path, version, messageId: `car/${version}` })
  await sql`
    INSERT INTO vehicle_owners (partition, path, version, position, at, vin, subject_id, from_subject_id) VALUES
      (0, ${path}, 2, 0, now(), ${soldOnVin}, ${worlds.zoe.subject}, NULL),
      (0, ${path}, 5, 0, now(), ${soldOnVin}, ${worlds.bob.subject}, ${worlds.zoe.subject})`
}

interface Actor {
  readonly path: string
  readonly type: string
  readonly dealership: string | null
  readonly subject: string
  readonly vin: string
  readonly context: object
  readonly state?: string
}

const actor = (sql: SQL, { path, type, dealership, subject, vin, context, state = "x" }: Actor) => sql`
  INSERT INTO actors (path, partition, version, epoch, machine_version, state, type, state_path, state_since, closed, country, dealership_id, subject_id, vin)
  VALUES (${path}, 0, 8, 1, 1, ${{ value: state, context }}, ${type}, ${state}, now(), false, 'ES', ${dealership}, ${subject}, ${vin})`

const turn = (
  sql: SQL,
  { table = "journal", path, version, messageId }: { table?: string; path: string; version: number; messageId: string }
) => sql`
  INSERT INTO ${sql(table)} (partition, path, version, message_id, at, type, body, reply, outcome, machine_version, epoch, cause, correlation)
  VALUES (0, ${path}, ${version}, ${messageId}, now(), 'Said', '{}', '{}', 'handled', 1, 1, ${messageId}, ${messageId})`
