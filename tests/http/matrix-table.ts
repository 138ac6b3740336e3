/**
 * What everybody is answered by every route, written down once and by hand: it is not made from the policy, so that each checks the other.
 *
 * A cell is a status; `+` is a caller who is let in by a write whose outcome depends on who came before: done (2xx), or refused by the
 * business (409). `.` is not asked. The columns of a listener stand above its routes.
 *
 * Customers: `own` is asked by the owner of the object, `other` by the same of somebody else's, `missing` by the same of one that never was, `ex`
 * by who sold the car on, of that car; of its services, of the one they bought. `staff` is every post of the company, each at the wrong door.
 *
 * Staff: `seller` asks of a sale of theirs, `colleague` and `manager` of that sale, too, `foreign` is a seller of another house who asks of it,
 * `missing` is whoever is let in first, of an object that never was. The others of the house ask of that same object.
 *
 * A session and a passkey are one person's, of staff, too: only the seller may end theirs. A look into the audit is a search, which finds nothing
 * of who never was; nobody is asked there whether they exist.
 */
export const matrixTable = {
  public: `
                                                                         none  staff  own  other  missing  ex
    GET    /openapi                                                      302   302    302  .      .        302
    GET    /openapi/json                                                 200   200    200  .      .        200
    GET    /health/live                                                  200   200    200  .      .        200
    GET    /health/ready                                                 200   200    200  .      .        200
    GET    /.well-known/http-message-signatures-directory                200   200    200  .      .        200
    POST   /api/auth/credentials                                         422   422    422  .      .        422
    POST   /api/auth/sessions                                            401   401    401  .      .        401
    POST   /api/auth/recovery                                            202   202    202  .      .        202
    POST   /api/auth/passkeys/challenges                                 201   201    201  .      .        201
    POST   /api/auth/passkeys/sessions                                   401   401    401  .      .        401
    POST   /api/auth/tokens                                              401   401    401  .      .        401
    POST   /api/auth/tokens/refresh                                      401   401    401  .      .        401
    POST   /api/auth/email-confirmations                                 422   422    422  .      .        422
    DELETE /api/auth/sessions/current                                    401   401    204  .      .        204
    GET    /api/auth/sessions                                            401   401    200  .      .        200
    DELETE /api/auth/sessions                                            401   401    204  .      .        204
    DELETE /api/auth/sessions/:sessionId                                 401   401    204  404    404      404
    POST   /api/auth/sessions/current/step-up                            401   401    200  .      .        200
    GET    /api/auth/factors                                             401   401    200  .      .        200
    POST   /api/auth/factors/totp                                        401   401    201  .      .        201
    POST   /api/auth/factors/totp/confirmation                           401   401    422  .      .        422
    DELETE /api/auth/factors/totp                                        401   401    204  .      .        204
    POST   /api/auth/factors/passkeys/options                            401   401    201  .      .        201
    POST   /api/auth/factors/passkeys                                    401   401    422  .      .        422
    POST   /api/auth/factors/recovery-codes                              401   401    201  .      .        409
    DELETE /api/auth/factors/passkeys/:passkeyId                         401   401    204  404    404      404
    GET    /api/texts                                                    401   401    200  .      .        200
    GET    /api/texts/:text/:edition/:language                           401   401    200  .      404      200

    GET    /api/me                                                       401   401    200  .      .        200
    PUT    /api/me/email                                                 401   401    202  .      .        202
    GET    /api/me/privacy/export                                        401   401    200  .      .        200
    GET    /api/me/privacy/erasure                                       401   401    200  .      .        200
    POST   /api/me/privacy/erasure                                       401   401    200  .      .        200
    GET    /api/me/notifications                                         401   401    200  .      .        200
    GET    /api/me/notification-preferences                              401   401    200  .      .        200
    PUT    /api/me/notification-preferences                              401   401    200  .      .        200
    GET    /api/me/push-subscriptions                                    401   401    200  .      .        200
    POST   /api/me/push-subscriptions                                    401   401    201  .      .        201
    DELETE /api/me/push-subscriptions/:subscriptionId                    401   401    204  404    404      404

    GET    /api/me/orders                                                401   401    200  .      .        200
    GET    /api/me/orders/:orderId                                       401   401    200  404    404      404
    POST   /api/me/orders/:orderId/payments                              401   401    202  404    404      404
    POST   /api/me/orders/:orderId/cancellation                          401   401    +    404    404      404

    GET    /api/me/vehicles                                              401   401    200  .      .        200
    GET    /api/me/vehicles/:vin                                         401   401    200  404    404      404
    GET    /api/me/vehicles/:vin/status                                  401   401    200  404    404      404
    GET    /api/me/vehicles/:vin/data                                    401   401    200  404    404      404
    GET    /api/me/vehicles/:vin/data/export                             401   401    200  404    404      200
    POST   /api/me/vehicles/:vin/link                                    401   401    409  404    404      404
    DELETE /api/me/vehicles/:vin/link                                    401   401    204  404    404      404
    POST   /api/me/vehicles/:vin/commands                                401   401    409  404    404      404
    GET    /api/me/vehicles/:vin/configuration                           401   401    409  404    404      404
    POST   /api/me/vehicles/:vin/receipts                                401   401    409  404    404      404
    GET    /api/me/vehicles/:vin/options                                 401   401    200  404    404      404

    GET    /api/me/vehicles/:vin/activations                             401   401    200  404    404      200
    POST   /api/me/vehicles/:vin/activations                             401   401    201  404    404      404
    GET    /api/me/vehicles/:vin/activations/:activationId               401   401    200  404    404      200
    POST   /api/me/vehicles/:vin/activations/:activationId/payment       401   401    409  404    404      409
    POST   /api/me/vehicles/:vin/activations/:activationId/cancellation  401   401    409  404    404      409
    POST   /api/me/vehicles/:vin/activations/:activationId/withdrawal    401   401    200  404    404      +
    POST   /api/me/vehicles/:vin/activations/:activationId/withdrawal/confirmation  401  401  200  404  404  +
    POST   /api/me/vehicles/:vin/theft                                   401   401    200  404    404      404
    POST   /api/me/vehicles/:vin/theft/end                               401   401    200  404    404      404
    GET    /api/me/bills                                                 401   401    200  .      .        200
    GET    /api/me/bills/preview                                         401   401    200  .      .        200

    GET    /api/me/purchase-file                                         401   401    200  .      .        200
    GET    /api/me/purchase-file/timeline                                401   401    200  .      .        200
    GET    /api/me/purchase-file/documents                               401   401    200  .      .        200
    GET    /api/me/purchase-file/documents/:documentId                   401   401    200  404    404      404
    GET    /api/me/purchase-file/export                                  401   401    200  .      .        200

    POST   /webhooks/status                                              401   401    401  .      .        401
    POST   /webhooks/settlement                                          401   401    401  .      .        401
    POST   /webhooks/transport                                           401   401    401  .      .        401
  `,
  intranet: `
                                                                none  customer  seller  colleague  manager  foreign  support  finance  operator  auditor  administrator  missing
    GET    /openapi                                             302   302       302     302        302      302      302      302      302       302      302            .
    GET    /openapi/json                                        200   200       200     200        200      200      200      200      200       200      200            .
    GET    /health/live                                         200   200       200     200        200      200      200      200      200       200      200            .
    GET    /health/ready                                        200   200       200     200        200      200      200      200      200       200      200            .
    POST   /api/auth/credentials                                422   422       422     422        422      422      422      422      422       422      422            .
    POST   /api/auth/sessions                                   401   401       401     401        401      401      401      401      401       401      401            .
    POST   /api/auth/recovery                                   202   202       202     202        202      202      202      202      202       202      202            .
    POST   /api/auth/passkeys/challenges                        201   201       201     201        201      201      201      201      201       201      201            .
    POST   /api/auth/passkeys/sessions                          401   401       401     401        401      401      401      401      401       401      401            .
    DELETE /api/auth/sessions/current                           401   401       204     204        204      204      204      204      204       204      204            .
    GET    /api/auth/sessions                                   401   401       200     200        200      200      200      200      200       200      200            .
    DELETE /api/auth/sessions                                   401   401       204     204        204      204      204      204      204       204      204            .
    DELETE /api/auth/sessions/:sessionId                        401   401       204     404        404      404      404      404      404       404      404            404
    POST   /api/auth/sessions/current/step-up                   401   401       200     200        200      200      200      200      200       200      200            .
    GET    /api/auth/factors                                    401   401       200     200        200      200      200      200      200       200      200            .
    POST   /api/auth/factors/totp                               401   401       201     201        201      201      201      201      201       201      201            .
    POST   /api/auth/factors/totp/confirmation                  401   401       422     422        422      422      422      422      422       422      422            .
    DELETE /api/auth/factors/totp                               401   401       204     204        204      204      204      204      204       204      204            .
    POST   /api/auth/factors/passkeys/options                   401   401       201     201        201      201      201      201      201       201      201            .
    POST   /api/auth/factors/passkeys                           401   401       422     422        422      422      422      422      422       422      422            .
    POST   /api/auth/factors/recovery-codes                     401   401       201     409        409      409      409      409      409       409      409            .
    DELETE /api/auth/factors/passkeys/:passkeyId                401   401       204     404        404      404      404      404      404       404      404            404
    GET    /api/texts                                           401   401       200     200        200      200      200      200      200       200      200            .
    GET    /api/texts/:text/:edition/:language                  401   401       200     200        200      200      200      200      200       200      200            404

    GET    /api/dealer/sales                                    401   401       200     200        200      200      403      403      403       403      403            .
    POST   /api/dealer/sales                                    401   401       201     201        201      201      403      403      403       403      403            .
    GET    /api/dealer/sales/:orderId                           401   401       200     200        200      404      403      403      403       403      403            404
    POST   /api/dealer/sales/:orderId/documents                 401   401       201     201        201      404      403      403      403       403      403            404
    POST   /api/dealer/sales/:orderId/handover                  401   401       409     409        409      404      403      403      403       403      403            404
    GET    /api/dealer/sales/:orderId/purchase-file             401   401       200     200        200      404      403      403      403       403      403            404
    GET    /api/dealer/sales/:orderId/purchase-file/timeline    401   401       200     200        200      404      403      403      403       403      403            404
    GET    /api/dealer/sales/:orderId/purchase-file/documents   401   401       200     200        200      404      403      403      403       403      403            404
    GET    /api/dealer/sales/:orderId/purchase-file/documents/:documentId  401  401  200  200      200      404      403      403      403       403      403            404
    GET    /api/dealer/sales/:orderId/purchase-file/export      401   401       200     200        200      404      403      403      403       403      403            404
    GET    /api/dealer/stock                                    401   401       200     200        200      200      403      403      403       403      403            .
    POST   /api/dealer/stock/:vin/assignment                    401   401       +       +          +        404      403      403      403       403      403            404
    POST   /api/dealer/vehicles/:vin/ownership                  401   401       404     404        404      404      403      403      403       403      403            404
    GET    /api/dealer/customers                                401   401       200     200        200      200      403      403      403       403      403            .
    POST   /api/dealer/customers/:customerId/credentials        401   401       202     202        202      404      403      403      403       403      403            404

    GET    /api/operator/actors                                 401   401       403     403        403      403      200      403      200       200      200            .
    GET    /api/operator/actors/:type/:id                       401   401       403     403        403      403      200      403      200       200      200            404
    GET    /api/operator/actors/:type/:id/journal               401   401       403     403        403      403      200      403      200       200      200            404
    GET    /api/operator/actors/*                               401   401       403     403        403      403      200      403      200       200      200            404
    GET    /api/operator/outbox                                 401   401       403     403        403      403      403      403      200       200      200            .
    POST   /api/operator/outbox/:commandId/retry                401   401       403     403        403      403      403      403      409       403      409            404
    POST   /api/operator/outbox/:commandId/discard              401   401       403     403        403      403      403      403      409       403      409            404
    POST   /api/operator/outbox/*                               401   401       403     403        403      403      403      403      409       403      409            404
    GET    /api/operator/quarantine                             401   401       403     403        403      403      403      403      200       200      200            .
    POST   /api/operator/quarantine/:path/release               401   401       403     403        403      403      403      403      409       403      409            409
    POST   /api/operator/quarantine/*                           401   401       403     403        403      403      403      403      409       403      409            409

    GET    /api/operator/support-cases                          401   401       403     403        403      403      200      403      200       200      200            .
    GET    /api/operator/support-cases/:caseId                  401   401       403     403        403      403      200      403      200       200      200            404
    POST   /api/operator/support-cases/:caseId/resolution       401   401       403     403        403      403      +        403      +         403      +              404
    POST   /api/operator/vehicles/:vin/theft                    401   401       403     403        403      403      200      403      200       403      200            404
    POST   /api/operator/vehicles/:vin/theft/end                401   401       403     403        403      403      200      403      200       403      200            404
    GET    /api/operator/purchase-files/:customerId             401   401       403     403        403      403      200      403      200       200      200            404
    GET    /api/operator/purchase-files/:customerId/timeline    401   401       403     403        403      403      200      403      200       200      200            404
    GET    /api/operator/purchase-files/:customerId/documents   401   401       403     403        403      403      200      403      200       200      200            404
    GET    /api/operator/purchase-files/:customerId/documents/:documentId  401  401  403  403      403      403      200      403      200       200      200            404
    GET    /api/operator/purchase-files/:customerId/export      401   401       403     403        403      403      200      403      200       200      200            404
    GET    /api/operator/customers/:customerId/erasure          401   401       403     403        403      403      200      403      200       200      200            404
    POST   /api/operator/customers/:customerId/erasure          401   401       403     403        403      403      403      403      409       403      409            404

    GET    /api/operator/reconciliation                         401   401       403     403        403      403      403      200      200       200      200            .
    POST   /api/operator/reconciliation/:breakId/resolution     401   401       403     403        403      403      403      +        +         403      +              404
    GET    /api/operator/exposure                               401   401       403     403        403      403      403      200      200       200      200            .
    GET    /api/operator/risk-cases                             401   401       403     403        403      403      403      200      200       200      200            .
    POST   /api/operator/risk-cases/:caseId/resolution          401   401       403     403        403      403      403      +        +         403      +              404
    GET    /api/operator/revenue                                401   401       403     403        403      403      403      200      200       200      200            .

    GET    /api/admin/employees                                 401   401       403     403        403      403      403      403      403       200      200            .
    POST   /api/admin/employees                                 401   401       403     403        403      403      403      403      403       403      201            .
    POST   /api/admin/employees/:subjectId/disablement          401   401       403     403        403      403      403      403      403       403      204            404
    POST   /api/admin/employees/:subjectId/enablement           401   401       403     403        403      403      403      403      403       403      204            404
    POST   /api/admin/employees/:subjectId/factors/reset        401   401       403     403        403      403      403      403      403       403      204            404
    GET    /api/admin/employees/:subjectId/lineage              401   401       403     403        403      403      403      403      403       200      200            404

    GET    /api/auditor/audit                                   401   401       403     403        403      403      403      403      403       200      200            .
    GET    /api/auditor/audit/customers/:customerId/looks       401   401       403     403        403      403      403      403      403       200      200            200
    GET    /api/auditor/audit/head                              401   401       403     403        403      403      403      403      403       200      200            .
  `
} as const

export type MatrixDoor = keyof typeof matrixTable
export interface MatrixRow {
  readonly route: string
  readonly method: string
  readonly path: string
  readonly cells: Readonly<Record<string, string>>
}

export const matrixOf = (door: MatrixDoor): ReadonlyArray<MatrixRow> => {
  const [columns = [], ...lines] = matrixTable[door]
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/))
  return lines.map(([method, path, ...cells]) => {
    if (cells.length !== columns.length) throw new Error(`${method} ${path} has ${cells.length} cells, not ${columns.length}`)
    return {
      route: `${method} ${path}`,
      method: method!,
      path: path!,
      cells: Object.fromEntries(cells.map((cell, n) => [columns[n]!, cell]))
    }
  })
}
