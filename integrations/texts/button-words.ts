/** What stands on the buttons that bind somebody, by law and in each language: no page of ours may say it otherwise. */
import type { Language } from "./page.ts"

export const buttonWords: Readonly<Record<"order" | "withdraw" | "confirmWithdrawal", Readonly<Record<Language, string>>>> = {
  // Directive 2011/83/EU, art. 8(2): or the customer is not bound.
  order: { en: "order with obligation to pay", es: "pedido con obligación de pago" },
  // Art. 11a(1) and (3), by Directive (EU) 2023/2673.
  withdraw: { en: "withdraw from contract here", es: "desistir del contrato aquí" },
  confirmWithdrawal: { en: "confirm withdrawal", es: "confirmar el desistimiento" }
}
