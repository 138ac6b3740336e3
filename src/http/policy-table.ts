/**
 * Who may do what: every route of both listeners, and how far each role reaches by it. One line a route, one column a role:
 *
 * - `-` nothing: the caller is told that this area is not theirs, whatever the object;
 * - `own` what belongs to the caller: somebody else's looks like what never was;
 * - `house` what belongs to the caller's dealership;
 * - `all` everything there is. What `anybody` may needs no session; a `machine` is a partner, who signs what it sends.
 *
 * A manager may what a seller may: colleagues stand in for each other, so both see all of their house. Any dealership may enter the sale
 * of a used car, whose owner it has before it. An auditor reads and never writes. A route without a line keeps the process from starting.
 */
export const policyTable = {
  public: `
                                                                                    anybody  machine  customer
    GET    /openapi                                                                 all      -        -
    GET    /openapi/json                                                            all      -        -
    GET    /health/live                                                             all      -        -
    GET    /health/ready                                                            all      -        -
    GET    /.well-known/http-message-signatures-directory                           all      -        -
    POST   /api/auth/credentials                                                    all      -        -
    POST   /api/auth/sessions                                                       all      -        -
    POST   /api/auth/recovery                                                       all      -        -
    POST   /api/auth/passkeys/challenges                                            all      -        -
    POST   /api/auth/passkeys/sessions                                              all      -        -
    POST   /api/auth/tokens                                                         all      -        -
    POST   /api/auth/tokens/refresh                                                 all      -        -
    POST   /api/auth/email-confirmations                                            all      -        -
    DELETE /api/auth/sessions/current                                               -        -        own
    GET    /api/auth/sessions                                                       -        -        own
    DELETE /api/auth/sessions                                                       -        -        own
    DELETE /api/auth/sessions/:sessionId                                            -        -        own
    POST   /api/auth/sessions/current/step-up                                       -        -        own
    GET    /api/auth/factors                                                        -        -        own
    POST   /api/auth/factors/totp                                                   -        -        own
    POST   /api/auth/factors/totp/confirmation                                      -        -        own
    DELETE /api/auth/factors/totp                                                   -        -        own
    POST   /api/auth/factors/passkeys/options                                       -        -        own
    POST   /api/auth/factors/passkeys                                               -        -        own
    DELETE /api/auth/factors/passkeys/:passkeyId                                    -        -        own
    POST   /api/auth/factors/recovery-codes                                         -        -        own
    GET    /api/texts                                                               -        -        all
    GET    /api/texts/:text/:edition/:language                                      -        -        all

    GET    /api/me                                                                  -        -        own
    PUT    /api/me/email                                                            -        -        own
    GET    /api/me/privacy/export                                                   -        -        own
    GET    /api/me/privacy/erasure                                                  -        -        own
    POST   /api/me/privacy/erasure                                                  -        -        own
    GET    /api/me/notifications                                                    -        -        own
    GET    /api/me/notification-preferences                                         -        -        own
    PUT    /api/me/notification-preferences                                         -        -        own
    GET    /api/me/push-subscriptions                                               -        -        own
    POST   /api/me/push-subscriptions                                               -        -        own
    DELETE /api/me/push-subscriptions/:subscriptionId                               -        -        own

    GET    /api/me/orders                                                           -        -        own
    GET    /api/me/orders/:orderId                                                  -        -        own
    POST   /api/me/orders/:orderId/cancellation                                     -        -        own
    POST   /api/me/orders/:orderId/payments                                         -        -        own

    GET    /api/me/vehicles                                                         -        -        own
    GET    /api/me/vehicles/:vin                                                    -        -        own
    GET    /api/me/vehicles/:vin/status                                             -        -        own
    GET    /api/me/vehicles/:vin/data                                               -        -        own
    GET    /api/me/vehicles/:vin/data/export                                        -        -        own
    POST   /api/me/vehicles/:vin/link                                               -        -        own
    DELETE /api/me/vehicles/:vin/link                                               -        -        own
    POST   /api/me/vehicles/:vin/commands                                           -        -        own
    POST   /api/me/vehicles/:vin/theft                                              -        -        own
    POST   /api/me/vehicles/:vin/theft/end                                          -        -        own
    GET    /api/me/vehicles/:vin/configuration                                      -        -        own
    POST   /api/me/vehicles/:vin/receipts                                           -        -        own
    GET    /api/me/vehicles/:vin/options                                            -        -        own

    GET    /api/me/vehicles/:vin/activations                                        -        -        own
    POST   /api/me/vehicles/:vin/activations                                        -        -        own
    GET    /api/me/vehicles/:vin/activations/:activationId                          -        -        own
    POST   /api/me/vehicles/:vin/activations/:activationId/cancellation             -        -        own
    POST   /api/me/vehicles/:vin/activations/:activationId/withdrawal               -        -        own
    POST   /api/me/vehicles/:vin/activations/:activationId/withdrawal/confirmation  -        -        own
    POST   /api/me/vehicles/:vin/activations/:activationId/payment                  -        -        own
    GET    /api/me/bills                                                            -        -        own
    GET    /api/me/bills/preview                                                    -        -        own

    GET    /api/me/purchase-file                                                    -        -        own
    GET    /api/me/purchase-file/timeline                                           -        -        own
    GET    /api/me/purchase-file/documents                                          -        -        own
    GET    /api/me/purchase-file/documents/:documentId                              -        -        own
    GET    /api/me/purchase-file/export                                             -        -        own

    POST   /webhooks/status                                                         -        own      -
    POST   /webhooks/settlement                                                     -        own      -
    POST   /webhooks/transport                                                      -        own      -
  `,
  intranet: `
                                                                           anybody  seller  manager  support  finance  operator  auditor  administrator
    GET    /openapi                                                        all      -       -        -        -        -         -        -
    GET    /openapi/json                                                   all      -       -        -        -        -         -        -
    GET    /health/live                                                    all      -       -        -        -        -         -        -
    GET    /health/ready                                                   all      -       -        -        -        -         -        -
    POST   /api/auth/credentials                                           all      -       -        -        -        -         -        -
    POST   /api/auth/sessions                                              all      -       -        -        -        -         -        -
    POST   /api/auth/recovery                                              all      -       -        -        -        -         -        -
    POST   /api/auth/passkeys/challenges                                   all      -       -        -        -        -         -        -
    POST   /api/auth/passkeys/sessions                                     all      -       -        -        -        -         -        -
    DELETE /api/auth/sessions/current                                      -        own     own      own      own      own       own      own
    GET    /api/auth/sessions                                              -        own     own      own      own      own       own      own
    DELETE /api/auth/sessions                                              -        own     own      own      own      own       own      own
    DELETE /api/auth/sessions/:sessionId                                   -        own     own      own      own      own       own      own
    POST   /api/auth/sessions/current/step-up                              -        own     own      own      own      own       own      own
    GET    /api/auth/factors                                               -        own     own      own      own      own       own      own
    POST   /api/auth/factors/totp                                          -        own     own      own      own      own       own      own
    POST   /api/auth/factors/totp/confirmation                             -        own     own      own      own      own       own      own
    DELETE /api/auth/factors/totp                                          -        own     own      own      own      own       own      own
    POST   /api/auth/factors/passkeys/options                              -        own     own      own      own      own       own      own
    POST   /api/auth/factors/passkeys                                      -        own     own      own      own      own       own      own
    DELETE /api/auth/factors/passkeys/:passkeyId                           -        own     own      own      own      own       own      own
    POST   /api/auth/factors/recovery-codes                                -        own     own      own      own      own       own      own
    GET    /api/texts                                                      -        all     all      all      all      all       all      all
    GET    /api/texts/:text/:edition/:language                             -        all     all      all      all      all       all      all

    GET    /api/dealer/sales                                               -        house   house    -        -        -         -        -
    POST   /api/dealer/sales                                               -        house   house    -        -        -         -        -
    GET    /api/dealer/sales/:orderId                                      -        house   house    -        -        -         -        -
    POST   /api/dealer/sales/:orderId/documents                            -        house   house    -        -        -         -        -
    POST   /api/dealer/sales/:orderId/handover                             -        house   house    -        -        -         -        -
    GET    /api/dealer/sales/:orderId/purchase-file                        -        house   house    -        -        -         -        -
    GET    /api/dealer/sales/:orderId/purchase-file/timeline               -        house   house    -        -        -         -        -
    GET    /api/dealer/sales/:orderId/purchase-file/documents              -        house   house    -        -        -         -        -
    GET    /api/dealer/sales/:orderId/purchase-file/documents/:documentId  -        house   house    -        -        -         -        -
    GET    /api/dealer/sales/:orderId/purchase-file/export                 -        house   house    -        -        -         -        -
    GET    /api/dealer/stock                                               -        house   house    -        -        -         -        -
    POST   /api/dealer/stock/:vin/assignment                               -        house   house    -        -        -         -        -
    POST   /api/dealer/vehicles/:vin/ownership                             -        all     all      -        -        -         -        -
    GET    /api/dealer/customers                                           -        house   house    -        -        -         -        -
    POST   /api/dealer/customers/:customerId/credentials                   -        house   house    -        -        -         -        -

    GET    /api/operator/actors                                            -        -       -        all      -        all       all      all
    GET    /api/operator/actors/:type/:id                                  -        -       -        all      -        all       all      all
    GET    /api/operator/actors/:type/:id/journal                          -        -       -        all      -        all       all      all
    GET    /api/operator/actors/*                                          -        -       -        all      -        all       all      all
    GET    /api/operator/outbox                                            -        -       -        -        -        all       all      all
    POST   /api/operator/outbox/:commandId/retry                           -        -       -        -        -        all       -        all
    POST   /api/operator/outbox/:commandId/discard                         -        -       -        -        -        all       -        all
    POST   /api/operator/outbox/*                                          -        -       -        -        -        all       -        all
    GET    /api/operator/quarantine                                        -        -       -        -        -        all       all      all
    POST   /api/operator/quarantine/:path/release                          -        -       -        -        -        all       -        all
    POST   /api/operator/quarantine/*                                      -        -       -        -        -        all       -        all

    GET    /api/operator/support-cases                                     -        -       -        all      -        all       all      all
    GET    /api/operator/support-cases/:caseId                             -        -       -        all      -        all       all      all
    POST   /api/operator/support-cases/:caseId/resolution                  -        -       -        all      -        all       -        all
    POST   /api/operator/vehicles/:vin/theft                               -        -       -        all      -        all       -        all
    POST   /api/operator/vehicles/:vin/theft/end                           -        -       -        all      -        all       -        all
    GET    /api/operator/purchase-files/:customerId                        -        -       -        all      -        all       all      all
    GET    /api/operator/purchase-files/:customerId/timeline               -        -       -        all      -        all       all      all
    GET    /api/operator/purchase-files/:customerId/documents              -        -       -        all      -        all       all      all
    GET    /api/operator/purchase-files/:customerId/documents/:documentId  -        -       -        all      -        all       all      all
    GET    /api/operator/purchase-files/:customerId/export                 -        -       -        all      -        all       all      all
    GET    /api/operator/customers/:customerId/erasure                     -        -       -        all      -        all       all      all
    POST   /api/operator/customers/:customerId/erasure                     -        -       -        -        -        all       -        all

    GET    /api/operator/reconciliation                                    -        -       -        -        all      all       all      all
    POST   /api/operator/reconciliation/:breakId/resolution                -        -       -        -        all      all       -        all
    GET    /api/operator/exposure                                          -        -       -        -        all      all       all      all
    GET    /api/operator/risk-cases                                        -        -       -        -        all      all       all      all
    POST   /api/operator/risk-cases/:caseId/resolution                     -        -       -        -        all      all       -        all
    GET    /api/operator/revenue                                           -        -       -        -        all      all       all      all

    GET    /api/admin/employees                                            -        -       -        -        -        -         all      all
    POST   /api/admin/employees                                            -        -       -        -        -        -         -        all
    POST   /api/admin/employees/:subjectId/disablement                     -        -       -        -        -        -         -        all
    POST   /api/admin/employees/:subjectId/enablement                      -        -       -        -        -        -         -        all
    POST   /api/admin/employees/:subjectId/factors/reset                   -        -       -        -        -        -         -        all
    GET    /api/admin/employees/:subjectId/lineage                         -        -       -        -        -        -         all      all
    GET    /api/auditor/audit                                              -        -       -        -        -        -         all      all
    GET    /api/auditor/audit/customers/:customerId/looks                  -        -       -        -        -        -         all      all
    GET    /api/auditor/audit/head                                         -        -       -        -        -        -         all      all
  `
} as const
