/** How an order that an older version of its chart left is brought to the next. Once released, none of these is edited: journals were begun with it. */
interface Left {
  readonly context: object
}
type OfTheSecond = { readonly charges: Readonly<Record<string, object>> }

/** The second chart knew no disputes, no refunds that fail, and no cases of finance; its cars were sold without a word of VAT. */
export const toRisks = <L extends Left>(left: L) => ({
  ...left,
  context: {
    ...left.context,
    charges: Object.fromEntries(
      Object.entries((left.context as OfTheSecond).charges).map(([id, charge]) => [id, { ...charge, dispute: "none" }])
    ),
    riskCases: []
  }
})
